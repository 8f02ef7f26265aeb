import type { Knex } from 'knex';

/**
 * A row that the queue refuses again and again, although it takes others, is parked: it is tried no more, and waits with
 * its reason for an operator, who releases it. Only refusals count towards it, not the attempts while the queue was away.
 *
 * A parked row is due never (`infinity`), so that the index of due rows does not pass over it at each look.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE outbox
      ADD COLUMN refusals integer NOT NULL DEFAULT 0 CHECK (refusals >= 0),
      ADD COLUMN parked_at timestamptz,
      ADD COLUMN parked_reason text CHECK (parked_reason IN ('unknown_topic', 'malformed_payload', 'refused')),
      ADD CONSTRAINT outbox_parked_with_reason CHECK ((parked_at IS NULL) = (parked_reason IS NULL)),
      ADD CONSTRAINT outbox_parked_is_not_published CHECK (parked_at IS NULL OR published_at IS NULL);
    CREATE INDEX outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL;

    -- A relay that took the row before it was parked may still succeed, and then it is published.
    CREATE OR REPLACE FUNCTION settle_outbox(row_id uuid, failure text, retry_after interval) RETURNS void
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        UPDATE public.outbox SET last_error = left(failure, 1000),
          published_at = CASE WHEN failure IS NULL THEN now() END,
          parked_at = NULL, parked_reason = NULL,
          available_at = CASE WHEN failure IS NULL THEN available_at ELSE now() + retry_after END
        WHERE id = row_id AND published_at IS NULL AND (failure IS NULL OR parked_at IS NULL)
      $$;
    -- Counts a refusal, and parks the row with the last that it may have. Tells whether it did.
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
    CREATE FUNCTION release_outbox(row_id uuid, of_tenant uuid) RETURNS boolean
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        WITH released AS (
          UPDATE public.outbox SET parked_at = NULL, parked_reason = NULL, refusals = 0, available_at = now()
          WHERE id = row_id AND tenant_id = of_tenant AND parked_at IS NOT NULL
          RETURNING id)
        SELECT pg_notify('aion_outbox', '') IS NOT NULL FROM released
      $$;
    CREATE FUNCTION list_parked_outbox(max_rows integer, after_id uuid)
      RETURNS TABLE (id uuid, tenant_id uuid, dedupe_key text, topic text, parked_reason text, last_error text,
        attempts integer, created_at timestamptz, parked_at timestamptz)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT o.id, o.tenant_id, o.dedupe_key, o.topic, o.parked_reason, o.last_error, o.attempts, o.created_at,
          o.parked_at
        FROM public.outbox o
        WHERE o.parked_at IS NOT NULL AND (after_id IS NULL OR o.id > after_id)
        ORDER BY o.id LIMIT max_rows
      $$;
    CREATE FUNCTION count_parked_outbox() RETURNS TABLE (parked_reason text, row_count bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT o.parked_reason, count(*) FROM public.outbox o WHERE o.parked_at IS NOT NULL GROUP BY 1
      $$;
    CREATE OR REPLACE FUNCTION outbox_oldest_age() RETURNS double precision
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM public.outbox
        WHERE published_at IS NULL AND parked_at IS NULL
      $$;
    REVOKE ALL ON FUNCTION refuse_outbox(uuid, text, text, interval, integer), release_outbox(uuid, uuid),
      list_parked_outbox(integer, uuid), count_parked_outbox() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION refuse_outbox(uuid, text, text, interval, integer), release_outbox(uuid, uuid),
      list_parked_outbox(integer, uuid), count_parked_outbox() TO aion_app;
  `);
}
