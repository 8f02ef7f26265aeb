/**
 * What a migrated database has beside tables. Anything else is not declared: a view, a materialised view, a foreign table,
 * a large object, or a function that runs as the owner could carry data past the data map.
 */
export const SCHEMA_OBJECTS: Readonly<Record<string, string>> = {
  'sequence schema_migrations_id_seq': 'Numbers migrations.',
  'sequence schema_migrations_lock_index_seq': 'Numbers the one row of knex.',
  'definer append_audit_event': 'Numbers and hashes an audit event, and moves the end of its chain.',
  'definer claim_outbox': 'The relay takes due rows of all tenants.',
  'definer count_default_partition_rows': 'Watches that default partitions are empty.',
  'definer find_api_key': 'Finds a key before its tenant is known.',
  'definer list_audit_chains': 'The verifier finds the chains of all tenants, ids and lengths only.',
  'definer list_unattended_exports': 'The reconciler finds exports of all tenants, ids only.',
  'definer outbox_oldest_age': 'How long the oldest row has waited.',
  'definer prepare_partitions': 'Makes the partitions of the next months.',
  'definer settle_outbox': 'The relay settles a row that it took.',
};
