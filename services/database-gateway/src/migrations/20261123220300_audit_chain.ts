import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * What the audit trail needs to become a chain: a number in the chain of its tenant, the hash of the event before, the
 * hash of this one, and the salt of its commitment, which an erasure takes away without breaking the chain. The columns
 * are nullable: events from before the chain have none of them. An event without a tenant is in the platform's chain.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE audit_events
      ALTER COLUMN tenant_id DROP NOT NULL,
      ADD COLUMN seq bigint CHECK (seq >= 1),
      ADD COLUMN prev_hash bytea CHECK (octet_length(prev_hash) = 32),
      ADD COLUMN hash bytea CHECK (octet_length(hash) = 32),
      ADD COLUMN salt bytea CHECK (octet_length(salt) BETWEEN 16 AND 64),
      ADD CONSTRAINT audit_events_chained_as_a_whole CHECK (num_nonnulls(seq, prev_hash, hash) IN (0, 3)),
      ADD CONSTRAINT audit_events_salt_is_of_the_chain CHECK (salt IS NULL OR seq IS NOT NULL),
      DROP CONSTRAINT audit_events_target_type_check,
      ADD CONSTRAINT audit_events_target_type_check CHECK (target_type IN (
        'tenant', 'user', 'membership', 'platform_operator', 'project', 'api_key', 'provider_config', 'budget', 'file',
        'generation', 'export', 'retention_policy', 'legal_hold', 'erasure_request', 'decommission_plan', 'approval',
        'certificate', 'platform'));
    CREATE UNIQUE INDEX audit_events_chain ON audit_events (tenant_id, seq) NULLS NOT DISTINCT WHERE seq IS NOT NULL;
    DROP POLICY audit_events_access ON audit_events;
    DROP POLICY audit_events_isolation ON audit_events;
    ${isolateTenant({ table: 'audit_events', rows: 'shared', privileges: 'SELECT, INSERT' })}

    CREATE TABLE audit_checkpoints (
      id uuid PRIMARY KEY,
      tenant_id uuid REFERENCES tenants (id),
      seq bigint NOT NULL CHECK (seq >= 1),
      hash bytea NOT NULL CHECK (octet_length(hash) = 32),
      signature bytea NOT NULL CHECK (octet_length(signature) = 64),
      key_id text NOT NULL CHECK (length(key_id) BETWEEN 1 AND 64),
      created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE NULLS NOT DISTINCT (tenant_id, seq)
    );
    ${isolateTenant({ table: 'audit_checkpoints', rows: 'shared', privileges: 'SELECT, INSERT' })}
  `);
}
