import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * The audit trail: one hash chain per tenant, and one of the platform (`tenant_id` null), by the rules of
 * `@aion/audit-chain`.
 *
 * The application can insert and read events, and nothing else. A trigger numbers and hashes each event, so that nobody
 * who may insert one can choose its position. It runs as the owner, who alone can advance the head of a chain; the row of
 * the head stays locked until the event is committed, so events of one tenant are appended one after another. `salt` is
 * part of the commitment to the fields that may hold personal data: an erasure deletes it without breaking the chain.
 *
 * `to_json` escapes a text as RFC 8785 does. The time is that of the clock; the start of the transaction would go backwards
 * along the chain. Salts are derived from `gen_random_uuid`, which uses the random generator of the system.
 *
 * `platform_switches` contains the feature flags with which each service was last started: a change is an event in the
 * chain of the platform.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(TABLES);
  await knex.raw(FUNCTIONS);
  // Recording an event locks the row of its tenant before the head of the chain. The foreign key of the event locks the
  // tenant as well, but only after the event has been chained. A transaction that freezes a tenant locks the tenant first,
  // against all writers, and records its event afterwards: with the opposite order the two would deadlock. Triggers fire
  // in the order of their names: this one before `audit_events_chained`.
  await knex.raw(`
    CREATE FUNCTION lock_tenant_of_event() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        PERFORM FROM public.tenants WHERE id = NEW.tenant_id FOR KEY SHARE;
        RETURN NEW;
      END $$;
    CREATE TRIGGER audit_events_a_tenant_first BEFORE INSERT ON audit_events
      FOR EACH ROW EXECUTE FUNCTION lock_tenant_of_event();
    CREATE TRIGGER audit_events_chained BEFORE INSERT ON audit_events
      FOR EACH ROW EXECUTE FUNCTION append_audit_event();
  `);
}

const TABLES = `
  CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id),
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    action text NOT NULL CHECK (action ~ '^[a-z_]+\\.[a-z_]+$'),
    target_type text NOT NULL CHECK (target_type IN (
      'tenant', 'user', 'membership', 'platform_operator', 'project', 'api_key', 'provider_config', 'budget', 'file',
      'generation', 'export', 'retention_policy', 'legal_hold', 'erasure_request', 'decommission_plan', 'approval',
      'certificate', 'platform')),
    target_id uuid NOT NULL,
    target_path text CHECK (length(target_path) <= 200),
    outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
    request_id text CHECK (length(request_id) <= 64),
    correlation_id text CHECK (length(correlation_id) <= 64),
    trace_id text CHECK (trace_id ~ '^[0-9a-f]{32}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    seq bigint NOT NULL CHECK (seq >= 1),
    prev_hash bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    salt bytea CHECK (octet_length(salt) BETWEEN 16 AND 64),
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    CONSTRAINT audit_events_chained_as_a_whole CHECK (num_nonnulls(seq, prev_hash, hash) IN (0, 3)),
    CONSTRAINT audit_events_salt_is_of_the_chain CHECK (salt IS NULL OR seq IS NOT NULL)
  );
  CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id);
  CREATE UNIQUE INDEX audit_events_chain ON audit_events (tenant_id, seq) NULLS NOT DISTINCT;
  ${isolateTenant({ table: 'audit_events', rows: 'shared', privileges: 'SELECT, INSERT' })}

  CREATE TABLE audit_heads (
    chain_id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id),
    seq bigint NOT NULL CHECK (seq >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    CONSTRAINT audit_heads_chain_is_of_tenant
      CHECK (chain_id = coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'))
  );
  ${isolateTenant({ table: 'audit_heads', rows: 'shared', privileges: 'SELECT' })}
  CREATE POLICY audit_heads_chaining ON audit_heads TO aion_owner USING (true) WITH CHECK (true);

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

  CREATE TABLE platform_switches (
    service text NOT NULL CHECK (length(service) BETWEEN 1 AND 64),
    feature text NOT NULL CHECK (length(feature) BETWEEN 1 AND 64),
    is_on boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, feature)
  );
  GRANT SELECT, INSERT, UPDATE (is_on, changed_at) ON platform_switches TO aion_app;`;

const FUNCTIONS = `
  CREATE FUNCTION audit_commitment(event audit_events) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256(event.salt || convert_to(
      '{"actor":' || to_json(event.actor)::text ||
      ',"correlation_id":' || coalesce(to_json(event.correlation_id)::text, 'null') ||
      ',"request_id":' || coalesce(to_json(event.request_id)::text, 'null') ||
      ',"target_id":' || to_json(event.target_id)::text ||
      ',"target_path":' || coalesce(to_json(event.target_path)::text, 'null') ||
      ',"trace_id":' || coalesce(to_json(event.trace_id)::text, 'null') || '}', 'UTF8'));

  CREATE FUNCTION audit_hash(event audit_events) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256(convert_to(
      '{"action":' || to_json(event.action)::text ||
      ',"commitment":"' || encode(event.commitment, 'hex') ||
      '","created_at":"' || to_char(event.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ||
      '","id":' || to_json(event.id)::text ||
      ',"outcome":' || to_json(event.outcome)::text ||
      ',"prev_hash":"' || encode(event.prev_hash, 'hex') ||
      '","seq":' || event.seq::text ||
      ',"target_type":' || to_json(event.target_type)::text ||
      ',"tenant_id":' || coalesce(to_json(event.tenant_id)::text, 'null') || ',"v":1}', 'UTF8'));

  -- Appends the event to its chain.
  CREATE FUNCTION chain_audit_event(event audit_events) RETURNS audit_events
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
      chain uuid := coalesce(event.tenant_id, '00000000-0000-0000-0000-000000000000');
      head public.audit_heads;
    BEGIN
      INSERT INTO public.audit_heads (chain_id, tenant_id, seq, hash)
        VALUES (chain, event.tenant_id, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT (chain_id) DO NOTHING;
      SELECT * INTO STRICT head FROM public.audit_heads WHERE chain_id = chain FOR UPDATE;
      event.seq := head.seq + 1;
      event.prev_hash := head.hash;
      event.salt := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
      event.commitment := public.audit_commitment(event);
      event.hash := public.audit_hash(event);
      UPDATE public.audit_heads SET seq = event.seq, hash = event.hash WHERE chain_id = chain;
      RETURN event;
    END $$;
  REVOKE ALL ON FUNCTION chain_audit_event(audit_events) FROM PUBLIC;

  CREATE FUNCTION append_audit_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
      NEW.created_at := clock_timestamp();
      RETURN public.chain_audit_event(NEW);
    END $$;
  REVOKE ALL ON FUNCTION append_audit_event() FROM PUBLIC;

  -- Lists the chains of all tenants and of the platform, with their lengths.
  CREATE FUNCTION list_audit_chains() RETURNS TABLE (tenant_id uuid, seq bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT h.tenant_id, h.seq FROM public.audit_heads h ORDER BY h.chain_id';
  REVOKE ALL ON FUNCTION list_audit_chains() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION list_audit_chains() TO aion_app;`;
