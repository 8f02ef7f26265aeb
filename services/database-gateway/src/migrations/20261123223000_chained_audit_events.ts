import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Makes the audit trail a chain, by the rules of `@aion/audit-chain`. A trigger numbers and hashes each event, so that
 * nobody who may insert one can choose where it stands: it runs as the owner, who alone may move the end of a chain. The
 * row of the end is locked until the event is committed, so events of one tenant are appended one after another.
 *
 * `to_json` escapes a text as RFC 8785 does. The time is the clock's and not the transaction's start, which would run
 * backwards along the chain. Salts come from `gen_random_uuid`, which draws from the system's random generator.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
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
    ALTER TABLE audit_events ADD COLUMN commitment bytea CHECK (octet_length(commitment) = 32);
  `);
  await knex.raw(FUNCTIONS);
  await knex.raw(CHAIN_EARLIER_EVENTS);
  await knex.raw(`
    ALTER TABLE audit_events
      ALTER COLUMN seq SET NOT NULL,
      ALTER COLUMN prev_hash SET NOT NULL,
      ALTER COLUMN hash SET NOT NULL,
      ALTER COLUMN commitment SET NOT NULL;
    DROP INDEX audit_events_chain;
    CREATE UNIQUE INDEX audit_events_chain ON audit_events (tenant_id, seq) NULLS NOT DISTINCT;
    CREATE TRIGGER audit_events_chained BEFORE INSERT ON audit_events
      FOR EACH ROW EXECUTE FUNCTION append_audit_event();
  `);
}

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

  -- Gives the event its place at the end of its chain.
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

  -- The chains of all tenants, and of the platform: which there are and how long each is.
  CREATE FUNCTION list_audit_chains() RETURNS TABLE (tenant_id uuid, seq bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT h.tenant_id, h.seq FROM public.audit_heads h ORDER BY h.chain_id';
  REVOKE ALL ON FUNCTION list_audit_chains() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION list_audit_chains() TO aion_app;`;

/** In the order in which they were recorded, with the times that they have. */
const CHAIN_EARLIER_EVENTS = `
  ALTER TABLE audit_events NO FORCE ROW LEVEL SECURITY;
  DO $$
  DECLARE event audit_events;
  BEGIN
    FOR event IN SELECT * FROM audit_events WHERE seq IS NULL ORDER BY tenant_id, id LOOP
      event := chain_audit_event(event);
      UPDATE audit_events SET seq = event.seq, prev_hash = event.prev_hash, salt = event.salt,
        commitment = event.commitment, hash = event.hash WHERE id = event.id;
    END LOOP;
  END $$;
  ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;`;
