import type { Knex } from 'knex';

/**
 * The operator lists tenants of a state, and the oldest first, too. Both ways read the index of the ids from where the page
 * begins. What a gateway of before calls stays until none is left.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION list_tenants(max_rows integer, beyond_id uuid, wanted_state text, oldest_first boolean)
      RETURNS SETOF public.tenants
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        BEGIN
          IF oldest_first THEN
            RETURN QUERY SELECT * FROM public.tenants t
              WHERE t.id > coalesce(beyond_id, '00000000-0000-0000-0000-000000000000')
                AND (wanted_state IS NULL OR t.state = wanted_state)
              ORDER BY t.id LIMIT max_rows;
          ELSE
            RETURN QUERY SELECT * FROM public.tenants t
              WHERE t.id < coalesce(beyond_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND (wanted_state IS NULL OR t.state = wanted_state)
              ORDER BY t.id DESC LIMIT max_rows;
          END IF;
        END
      $$;
    REVOKE ALL ON FUNCTION list_tenants(integer, uuid, text, boolean) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_tenants(integer, uuid, text, boolean) TO aion_app;
  `);
}
