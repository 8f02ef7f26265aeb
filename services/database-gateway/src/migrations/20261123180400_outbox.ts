import type { Knex } from 'knex';

/**
 * What must reach the queue, written in the transaction that makes it true.
 *
 * Rows belong to tenants and are written as their tenant; the relay serves all tenants. It reaches rows only through
 * three functions that run as the owner: take due rows, settle one that it took, read the oldest age. A row is taken
 * for a while instead of being locked while the queue is spoken to: no transaction waits for another system, and a relay
 * that dies gives its rows back by time.
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
      last_error text CHECK (length(last_error) <= 1000)
    );
    CREATE INDEX outbox_due ON outbox (available_at) WHERE published_at IS NULL;
    CREATE INDEX outbox_by_tenant ON outbox (tenant_id, id);
    ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
    ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
    CREATE POLICY outbox_access ON outbox TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY outbox_isolation ON outbox AS RESTRICTIVE TO aion_app
      USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
    GRANT SELECT, INSERT ON outbox TO aion_app;

    CREATE POLICY outbox_relay_reads ON outbox FOR SELECT TO aion_owner USING (true);
    CREATE POLICY outbox_relay_settles ON outbox FOR UPDATE TO aion_owner USING (true);
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
    CREATE FUNCTION settle_outbox(row_id uuid, failure text, retry_after interval) RETURNS void
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        UPDATE public.outbox SET last_error = left(failure, 1000),
          published_at = CASE WHEN failure IS NULL THEN now() END,
          available_at = CASE WHEN failure IS NULL THEN available_at ELSE now() + retry_after END
        WHERE id = row_id AND published_at IS NULL
      $$;
    CREATE FUNCTION outbox_oldest_age() RETURNS double precision
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM public.outbox WHERE published_at IS NULL
      $$;
    REVOKE ALL ON FUNCTION claim_outbox(integer, interval), settle_outbox(uuid, text, interval), outbox_oldest_age()
      FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION claim_outbox(integer, interval), settle_outbox(uuid, text, interval), outbox_oldest_age()
      TO aion_app;

    CREATE FUNCTION announce_outbox() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$ BEGIN PERFORM pg_notify('aion_outbox', ''); RETURN NULL; END $$;
    CREATE TRIGGER outbox_announcement AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION announce_outbox();
  `);
}
