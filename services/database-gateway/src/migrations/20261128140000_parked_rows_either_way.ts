import type { Knex } from 'knex';

/** The operator reads what the relay has given up from either end, as any list. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION list_parked_outbox(integer, uuid);
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
    REVOKE ALL ON FUNCTION list_parked_outbox(integer, uuid, boolean) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_parked_outbox(integer, uuid, boolean) TO aion_app;
  `);
}
