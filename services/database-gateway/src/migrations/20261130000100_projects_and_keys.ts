import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Projects and API keys.
 *
 * A key may belong to a person: `user_id` has no foreign key, because the record of what was done with a key outlives the
 * person. `last_used_on` and `last_refused_on` are days in UTC: the first use and the first rejection of a genuine key on
 * each day are audit events.
 *
 * A key is looked up before its tenant is known. `find_key_holder` is the only way to do so: it runs as the owner and
 * returns at most one key for an exact prefix, with the role of its person, without which a personal key is invalid, and
 * with the state of its tenant.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE projects (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      archived_at timestamptz,
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      UNIQUE (tenant_id, id)
    );
    CREATE UNIQUE INDEX projects_name_unique ON projects (tenant_id, name) WHERE archived_at IS NULL;
    ${isolateTenant({
      table: 'projects',
      privileges: 'SELECT, INSERT, UPDATE (name, archived_at, updated_at, version)',
    })}

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
      project_id uuid,
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      user_id uuid,
      last_used_on date,
      last_refused_on date,
      UNIQUE (tenant_id, id),
      FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)
    );
    CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);
    CREATE INDEX api_keys_by_project ON api_keys (tenant_id, project_id) WHERE project_id IS NOT NULL;
    CREATE INDEX api_keys_by_user ON api_keys (tenant_id, user_id) WHERE user_id IS NOT NULL;
    ${isolateTenant({
      table: 'api_keys',
      privileges: `SELECT, INSERT, UPDATE (name, expires_at, revoked_at, updated_at, version, last_used_on,
        last_refused_on)`,
    })}
    CREATE POLICY api_keys_lookup ON api_keys FOR SELECT TO aion_owner USING (true);

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
  `);
}
