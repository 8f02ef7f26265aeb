import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * The answers to requests that carry an `Idempotency-Key`, until they expire. `actor_id` is the key, user or operator that
 * sent the request: one cannot get at the answer to another's. An answer may hold a secret that is shown once, so its body
 * is sealed before it comes here, under the key that `key_id` names.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE idempotency_keys (
      id uuid PRIMARY KEY,
      tenant_id uuid REFERENCES tenants (id),
      actor_id uuid NOT NULL,
      idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
      route text NOT NULL CHECK (length(route) BETWEEN 1 AND 200),
      request_sha256 text NOT NULL CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
      status integer CHECK (status BETWEEN 200 AND 599),
      body bytea CHECK (octet_length(body) <= 1048576),
      key_id text CHECK (length(key_id) BETWEEN 1 AND 64),
      created_at timestamptz NOT NULL DEFAULT now(),
      answered_at timestamptz CHECK (answered_at >= created_at),
      expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
      CONSTRAINT idempotency_keys_unique UNIQUE NULLS NOT DISTINCT (tenant_id, actor_id, idempotency_key),
      CONSTRAINT idempotency_keys_answered CHECK (num_nonnulls(status, answered_at) IN (0, 2)),
      CONSTRAINT idempotency_keys_sealed CHECK (
        num_nonnulls(body, key_id) IN (0, 2) AND (body IS NULL OR status IS NOT NULL))
    );
    CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
    ${isolateTenant({
      table: 'idempotency_keys',
      rows: 'shared',
      privileges: 'SELECT, INSERT, UPDATE (status, body, key_id, answered_at), DELETE',
    })}
  `);
}
