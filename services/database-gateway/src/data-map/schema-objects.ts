/**
 * What a migrated database has beside tables. Anything else is not declared: a view, a materialised view, a foreign table,
 * a large object, or a function that runs as the owner could carry data past the data map.
 */
export const SCHEMA_OBJECTS: Readonly<Record<string, string>> = {
  'sequence schema_migrations_id_seq': 'Numbers migrations.',
  'sequence schema_migrations_lock_index_seq': 'Numbers the one row of knex.',
  'definer append_audit_event': 'Numbers and hashes an audit event, and moves the end of its chain.',
  'definer claim_outbox': 'The relay takes due rows of all tenants.',
  'definer claim_stray_objects': 'The sweeper takes objects of all tenants that no row refers to.',
  'definer count_memberships': 'In how many tenants a person is, which no tenant sees; a number only.',
  'definer count_parked_outbox': 'How many rows the relay has given up, by reason.',
  'definer count_sealed_rows': 'How many rows of all tenants are sealed under each key.',
  'definer count_default_partition_rows': 'Watches that default partitions are empty.',
  'definer delete_expired_idempotency_keys': 'Answers are kept for a day.',
  'definer delete_user_of_no_tenant': 'Who has left the last tenant is deleted; no tenant sees the others of a person.',
  'definer find_key_holder': 'Finds a key before its tenant is known.',
  'definer fold_usage': 'Moves what was settled, of all tenants, into the sums of its day.',
  'definer list_audit_chains': 'The verifier finds the chains of all tenants, ids and lengths only.',
  'definer list_parked_outbox': 'Operators see what the relay has given up, of all tenants, without payloads.',
  'definer list_sealed_otherwise':
    'The rotation of sealing keys finds sealed bytes of all tenants, which it alone can open.',
  'definer list_tenants': 'The operator sees all tenants.',
  'definer list_unattended_exports': 'The reconciler finds exports of all tenants, ids only.',
  'definer outbox_oldest_age': 'How long the oldest row has waited.',
  'definer prepare_partitions': 'Makes the partitions of the next months.',
  'definer reconcile_usage': 'Compares sums of usage with generations of all tenants; differences of days only.',
  'definer record_usage': 'Writes what settled generations add to their days.',
  'definer refuse_outbox': 'The relay counts a refusal of a row that it took, and parks it.',
  'definer release_outbox': 'An operator makes a parked row of a tenant due again.',
  'definer settle_outbox': 'The relay settles a row that it took.',
  'definer settle_stray_objects': 'The sweeper settles objects that it took.',
  'definer usage_rollup_lag': 'How long the oldest settlement has waited to be in the sums of its day.',
};
