/**
 * Objects of a migrated database other than tables. Any other one is schema drift: a view, a materialised view, a foreign
 * table, a large object, or a function that runs as the owner could bypass the data map.
 */
export const SCHEMA_OBJECTS: Readonly<Record<string, string>> = {
  'sequence schema_migrations_id_seq': 'Numbers migrations.',
  'sequence schema_migrations_lock_index_seq': 'Numbers the only row of the lock table of knex.',
  'definer append_audit_event': 'Numbers and hashes an audit event, and updates the head of its chain.',
  'definer claim_outbox': 'Claims due outbox rows of all tenants for the relay.',
  'definer claim_stray_objects': 'Claims stray objects of all tenants for their deletion.',
  'definer count_memberships': 'Counts the tenants of a person, which no tenant can read; returns a number only.',
  'definer count_parked_outbox': 'Counts dead-lettered outbox rows by reason.',
  'definer count_sealed_rows': 'Counts the encrypted rows of all tenants by encryption key.',
  'definer count_default_partition_rows': 'Counts the rows of default partitions, which must be empty.',
  'definer delete_expired_idempotency_keys': 'Deletes stored answers after a day.',
  'definer delete_user_of_no_tenant':
    'Deletes a user without memberships; no tenant can read the memberships of another.',
  'definer find_key_holder': 'Finds a key before its tenant is known.',
  'definer fold_usage': 'Moves usage deltas of all tenants into the sums of their days.',
  'definer list_audit_chains': 'Lists the audit chains of all tenants for the verifier; ids and lengths only.',
  'definer list_parked_outbox': 'Lists dead-lettered outbox rows of all tenants for operators, without payloads.',
  'definer list_sealed_otherwise':
    'Lists rows of all tenants that are encrypted with other keys, for the rotation of encryption keys.',
  'definer list_tenants': 'Lists all tenants for operators.',
  'definer list_unattended_exports': 'Lists unattended exports of all tenants for the reconciler; ids only.',
  'definer outbox_oldest_age': 'Returns the age of the oldest unpublished outbox row.',
  'definer prepare_partitions': 'Creates the partitions of the next months.',
  'definer reconcile_usage':
    'Compares sums of usage with generations of all tenants; returns differences of days only.',
  'definer record_usage': 'Inserts the usage deltas of settled generations.',
  'definer refuse_outbox': 'Counts a rejection of a claimed outbox row, and dead-letters it at the limit.',
  'definer release_outbox': 'Makes a dead-lettered outbox row of a tenant due again.',
  'definer settle_outbox': 'Settles a claimed outbox row.',
  'definer settle_stray_objects': 'Settles claimed stray objects.',
  'definer usage_rollup_lag': 'Returns the age of the oldest usage delta.',
};
