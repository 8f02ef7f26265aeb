import type { Knex } from 'knex';

/**
 * Whose a key is, what the operator sees of all tenants, and answers that can be given twice.
 *
 * A key may be a person's: `user_id` has no foreign key, since what was done with it outlives the person. It counts for
 * nothing without a membership, so `find_key_holder` gives the role with the key, and the state of the tenant. Like
 * `list_tenants` it runs as the owner: the tenant is not known before, or all of them are meant. Policies let the owner
 * read those three tables, and nothing else does.
 *
 * The answer to a request with an `Idempotency-Key` is written in the transaction of its effect. A secret in it is sealed
 * before it comes here.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE api_keys ADD COLUMN user_id uuid;
    CREATE INDEX api_keys_by_user ON api_keys (tenant_id, user_id) WHERE user_id IS NOT NULL;
    CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);
    GRANT SELECT ON platform_operators TO aion_app;

    CREATE POLICY tenants_lookup ON tenants FOR SELECT TO aion_owner USING (true);
    CREATE POLICY memberships_lookup ON memberships FOR SELECT TO aion_owner USING (true);

    CREATE FUNCTION find_key_holder(wanted_prefix text)
      RETURNS TABLE (key public.api_keys, role text, tenant_state text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT k, m.role, t.state
        FROM public.api_keys k
          JOIN public.tenants t ON t.id = k.tenant_id
          LEFT JOIN public.memberships m ON m.tenant_id = k.tenant_id AND m.user_id = k.user_id
        WHERE k.prefix = wanted_prefix
      $$;
    REVOKE ALL ON FUNCTION find_key_holder(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION find_key_holder(text) TO aion_app;
    DROP FUNCTION find_api_key(text);

    CREATE FUNCTION list_tenants(max_rows integer, before_id uuid) RETURNS SETOF public.tenants
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT * FROM public.tenants WHERE before_id IS NULL OR id < before_id ORDER BY id DESC LIMIT max_rows
      $$;
    REVOKE ALL ON FUNCTION list_tenants(integer, uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_tenants(integer, uuid) TO aion_app;

    ALTER TABLE idempotency_keys
      DROP CONSTRAINT idempotency_keys_sealed,
      DROP CONSTRAINT idempotency_keys_answered,
      DROP COLUMN body,
      DROP COLUMN key_id,
      DROP COLUMN status,
      DROP COLUMN answered_at,
      ADD COLUMN answer json CHECK (octet_length(answer::text) <= 1048576),
      ADD COLUMN version bigint CHECK (version >= 1);
    GRANT UPDATE (answer, version) ON idempotency_keys TO aion_app;

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
