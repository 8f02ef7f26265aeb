import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * The outbox of the queue, and the stored responses of idempotent requests.
 *
 * An outbox row is inserted in the transaction whose change it announces. Rows belong to tenants; the relay serves all
 * tenants and accesses rows only through functions that run as the owner. It claims a row for a limited time instead of
 * locking it while it sends to the queue: no transaction waits for another system, and the rows of a relay that was killed
 * become due again. A row that the queue rejects repeatedly while it accepts others is dead-lettered (`parked_at`): it is
 * not tried again until an operator releases it. Only rejections count, not attempts while the queue was unavailable. Such
 * a row is due never (`infinity`), so that scans of the index of due rows skip it.
 *
 * The response to a request with an `Idempotency-Key` is stored in the transaction of its effect, until it expires.
 * `actor_id` is the key, user or operator that sent the request: nobody can read the response to another's. A secret in a
 * response is encrypted before it is stored.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE outbox (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      dedupe_key text NOT NULL CONSTRAINT outbox_dedupe_key_unique UNIQUE CHECK (length(dedupe_key) BETWEEN 1 AND 200),
      topic text NOT NULL CHECK (length(topic) BETWEEN 1 AND 64),
      payload json NOT NULL,
      carrier json NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      available_at timestamptz NOT NULL DEFAULT now(),
      published_at timestamptz,
      attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
      last_error text CHECK (length(last_error) <= 1000),
      refusals integer NOT NULL DEFAULT 0 CHECK (refusals >= 0),
      parked_at timestamptz,
      parked_reason text CHECK (parked_reason IN ('unknown_topic', 'malformed_payload', 'refused')),
      CONSTRAINT outbox_parked_with_reason CHECK ((parked_at IS NULL) = (parked_reason IS NULL)),
      CONSTRAINT outbox_parked_is_not_published CHECK (parked_at IS NULL OR published_at IS NULL)
    );
    CREATE INDEX outbox_due ON outbox (available_at) WHERE published_at IS NULL;
    CREATE INDEX outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL;
    CREATE INDEX outbox_by_tenant ON outbox (tenant_id, id);
    ${isolateTenant({ table: 'outbox', privileges: 'SELECT, INSERT' })}
    CREATE POLICY outbox_relay_reads ON outbox FOR SELECT TO aion_owner USING (true);
    CREATE POLICY outbox_relay_settles ON outbox FOR UPDATE TO aion_owner USING (true);

    CREATE FUNCTION announce_outbox() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$ BEGIN PERFORM pg_notify('aion_outbox', ''); RETURN NULL; END $$;
    CREATE TRIGGER outbox_announcement AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION announce_outbox();
  `);
  // The relay: claim due rows, settle a claimed row, count a rejection, monitor the oldest row.
  await knex.raw(`
    CREATE FUNCTION claim_outbox(max_rows integer, claim_for interval)
      RETURNS TABLE (id uuid, dedupe_key text, topic text, payload json, carrier json, attempts integer)
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        WITH due AS MATERIALIZED (
          SELECT d.id FROM public.outbox d WHERE d.published_at IS NULL AND d.available_at <= now()
          ORDER BY d.available_at LIMIT max_rows FOR UPDATE SKIP LOCKED)
        UPDATE public.outbox o SET attempts = o.attempts + 1, available_at = now() + claim_for
        FROM due WHERE o.id = due.id
        RETURNING o.id, o.dedupe_key, o.topic, o.payload, o.carrier, o.attempts
      $$;
    -- A relay that claimed the row before it was dead-lettered may still succeed; the row is then published.
    CREATE FUNCTION settle_outbox(row_id uuid, failure text, retry_after interval) RETURNS void
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        UPDATE public.outbox SET last_error = left(failure, 1000),
          published_at = CASE WHEN failure IS NULL THEN now() END,
          parked_at = NULL, parked_reason = NULL,
          available_at = CASE WHEN failure IS NULL THEN available_at ELSE now() + retry_after END
        WHERE id = row_id AND published_at IS NULL AND (failure IS NULL OR parked_at IS NULL)
      $$;
    -- Counts a rejection, and dead-letters the row with the last permitted one. Returns true if it did.
    CREATE FUNCTION refuse_outbox(row_id uuid, reason text, failure text, retry_after interval, max_refusals integer)
      RETURNS boolean
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        UPDATE public.outbox SET last_error = left(failure, 1000), refusals = refusals + 1,
          parked_at = CASE WHEN refusals + 1 >= max_refusals THEN now() END,
          parked_reason = CASE WHEN refusals + 1 >= max_refusals THEN reason END,
          available_at = CASE WHEN refusals + 1 >= max_refusals THEN 'infinity' ELSE now() + retry_after END
        WHERE id = row_id AND published_at IS NULL AND parked_at IS NULL
        RETURNING parked_at IS NOT NULL
      $$;
    CREATE FUNCTION outbox_oldest_age() RETURNS double precision
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM public.outbox
        WHERE published_at IS NULL AND parked_at IS NULL
      $$;
    REVOKE ALL ON FUNCTION claim_outbox(integer, interval), settle_outbox(uuid, text, interval),
      refuse_outbox(uuid, text, text, interval, integer), outbox_oldest_age() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION claim_outbox(integer, interval), settle_outbox(uuid, text, interval),
      refuse_outbox(uuid, text, text, interval, integer), outbox_oldest_age() TO aion_app;
  `);
  // The operator: list dead-lettered rows in both orders, count them, release one.
  await knex.raw(`
    CREATE FUNCTION list_parked_outbox(max_rows integer, beyond_id uuid, oldest_first boolean)
      RETURNS TABLE (id uuid, tenant_id uuid, dedupe_key text, topic text, parked_reason text, last_error text,
        attempts integer, created_at timestamptz, parked_at timestamptz)
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        BEGIN
          IF oldest_first THEN
            RETURN QUERY SELECT o.id, o.tenant_id, o.dedupe_key, o.topic, o.parked_reason, o.last_error, o.attempts,
                o.created_at, o.parked_at
              FROM public.outbox o
              WHERE o.parked_at IS NOT NULL AND o.id > coalesce(beyond_id, '00000000-0000-0000-0000-000000000000')
              ORDER BY o.id LIMIT max_rows;
          ELSE
            RETURN QUERY SELECT o.id, o.tenant_id, o.dedupe_key, o.topic, o.parked_reason, o.last_error, o.attempts,
                o.created_at, o.parked_at
              FROM public.outbox o
              WHERE o.parked_at IS NOT NULL AND o.id < coalesce(beyond_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
              ORDER BY o.id DESC LIMIT max_rows;
          END IF;
        END
      $$;
    CREATE FUNCTION count_parked_outbox() RETURNS TABLE (parked_reason text, row_count bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT o.parked_reason, count(*) FROM public.outbox o WHERE o.parked_at IS NOT NULL GROUP BY 1
      $$;
    CREATE FUNCTION release_outbox(row_id uuid, of_tenant uuid) RETURNS boolean
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        WITH released AS (
          UPDATE public.outbox SET parked_at = NULL, parked_reason = NULL, refusals = 0, available_at = now()
          WHERE id = row_id AND tenant_id = of_tenant AND parked_at IS NOT NULL
          RETURNING id)
        SELECT pg_notify('aion_outbox', '') IS NOT NULL FROM released
      $$;
    REVOKE ALL ON FUNCTION list_parked_outbox(integer, uuid, boolean), count_parked_outbox(),
      release_outbox(uuid, uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_parked_outbox(integer, uuid, boolean), count_parked_outbox(),
      release_outbox(uuid, uuid) TO aion_app;
  `);
  await knex.raw(`
    CREATE TABLE idempotency_keys (
      id uuid PRIMARY KEY,
      tenant_id uuid REFERENCES tenants (id),
      actor_id uuid NOT NULL,
      idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
      route text NOT NULL CHECK (length(route) BETWEEN 1 AND 200),
      request_sha256 text NOT NULL CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL CONSTRAINT idempotency_keys_check1 CHECK (expires_at > created_at),
      answer json CHECK (octet_length(answer::text) <= 1048576),
      version bigint CHECK (version >= 1),
      CONSTRAINT idempotency_keys_unique UNIQUE NULLS NOT DISTINCT (tenant_id, actor_id, idempotency_key)
    );
    CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
    ${isolateTenant({
      table: 'idempotency_keys',
      rows: 'shared',
      privileges: 'SELECT, INSERT, UPDATE (answer, version), DELETE',
    })}
    CREATE POLICY idempotency_keys_expiry ON idempotency_keys TO aion_owner USING (expires_at <= now());

    CREATE FUNCTION delete_expired_idempotency_keys() RETURNS bigint
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        WITH deleted AS (DELETE FROM public.idempotency_keys WHERE expires_at <= now() RETURNING 1)
        SELECT count(*) FROM deleted
      $$;
    REVOKE ALL ON FUNCTION delete_expired_idempotency_keys() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION delete_expired_idempotency_keys() TO aion_app;
  `);
}
