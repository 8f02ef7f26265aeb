import type { Knex } from 'knex';

/**
 * Row-level security, the same for every table of tenants: for `aion_app` a permissive policy, which PostgreSQL needs
 * before it shows any row at all, and a RESTRICTIVE one, which no later policy can widen. FORCE applies it to the owner,
 * who has no policy but those that a function below names: a migration or a console that forgets the tenant sees nothing.
 * A custom setting is '' after the transaction that set it: `nullif` makes that no tenant instead of an error. The
 * sub-select makes PostgreSQL evaluate the setting once a query instead of once a row.
 *
 * A key is looked up before its tenant is known. `find_api_key` is the one way to do so: it runs as the owner, gives at
 * most one row for an exact prefix, and needs no setting that a mistake could leave switched on.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    GRANT USAGE ON SCHEMA public TO aion_app;
    GRANT SELECT ON schema_migrations TO aion_app;

    CREATE TABLE tenants (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
    ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenants_access ON tenants TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY tenants_isolation ON tenants AS RESTRICTIVE TO aion_app
      USING (id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
    GRANT SELECT, INSERT ON tenants TO aion_app;

    CREATE TABLE api_keys (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      prefix text NOT NULL CONSTRAINT api_keys_prefix_unique UNIQUE CHECK (prefix ~ '^[a-z0-9]{12}$'),
      key_hash text NOT NULL CHECK (key_hash ~ '^[0-9a-f]{64}$'),
      scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND array_position(scopes, NULL) IS NULL),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      UNIQUE (tenant_id, id)
    );
    ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
    ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
    CREATE POLICY api_keys_access ON api_keys TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY api_keys_isolation ON api_keys AS RESTRICTIVE TO aion_app
      USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
    GRANT SELECT, INSERT ON api_keys TO aion_app;

    CREATE POLICY api_keys_lookup ON api_keys FOR SELECT TO aion_owner USING (true);
    CREATE FUNCTION find_api_key(wanted_prefix text) RETURNS SETOF api_keys
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT * FROM public.api_keys WHERE prefix = wanted_prefix';
    REVOKE ALL ON FUNCTION find_api_key(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION find_api_key(text) TO aion_app;
  `);
}
