import type { Knex } from 'knex';

/**
 * What the rotation of sealing keys needs: the rows of all tenants and of the platform that are sealed under another key
 * than the current one, and how many there are by key. They are read as the owner, and written in the transactions of
 * their tenants like anything else.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE POLICY provider_configs_sealing ON provider_configs FOR SELECT TO aion_owner USING (true);

    CREATE FUNCTION list_sealed_otherwise(current_key text, after_id uuid, max_rows integer)
      RETURNS TABLE (id uuid, tenant_id uuid, version bigint, key_id text, credentials bytea)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT p.id, p.tenant_id, p.version, p.key_id, p.credentials
        FROM public.provider_configs p
        WHERE p.key_id <> current_key AND (after_id IS NULL OR p.id > after_id)
        ORDER BY p.id LIMIT max_rows
      $$;
    CREATE FUNCTION count_sealed_rows() RETURNS TABLE (key_id text, row_count bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT p.key_id, count(*) FROM public.provider_configs p WHERE p.key_id IS NOT NULL GROUP BY 1
      $$;
    REVOKE ALL ON FUNCTION list_sealed_otherwise(text, uuid, integer), count_sealed_rows() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_sealed_otherwise(text, uuid, integer), count_sealed_rows() TO aion_app;
  `);
}
