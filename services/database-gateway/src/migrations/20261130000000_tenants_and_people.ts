import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Tenants, the people who work for them, and the operators of the platform.
 *
 * A person may be a member of several tenants; `users` is visible to each of them. A membership is inserted before its
 * user, in one transaction (the foreign key is deferred), so that no user can be added outside of a tenant. A tenant
 * cannot change the sign-in of a person (`issuer`, `subject`, `email`): that would affect the person's other tenants.
 * `version` is compared with `If-Match`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    GRANT USAGE ON SCHEMA public TO aion_app;
    GRANT SELECT ON schema_migrations TO aion_app;

    CREATE TABLE tenants (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now(),
      state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'read_only', 'erasing', 'closed')),
      store_content boolean NOT NULL DEFAULT true,
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1)
    );
    ${isolateTenant({
      table: 'tenants',
      rows: 'self',
      privileges: 'SELECT, INSERT, UPDATE (name, state, store_content, updated_at, version)',
    })}
    CREATE POLICY tenants_lookup ON tenants FOR SELECT TO aion_owner USING (true);
  `);
  await knex.raw(`
    CREATE TABLE users (
      id uuid PRIMARY KEY,
      issuer text CHECK (length(issuer) BETWEEN 1 AND 500),
      subject text CHECK (length(subject) BETWEEN 1 AND 255),
      email text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      CONSTRAINT users_sign_in_unique UNIQUE (issuer, subject),
      CONSTRAINT users_sign_in_is_whole CHECK (num_nonnulls(issuer, subject) IN (0, 2))
    );

    CREATE TABLE memberships (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      user_id uuid NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
      role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'auditor')),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      UNIQUE (tenant_id, user_id)
    );
    CREATE INDEX memberships_by_user ON memberships (user_id);
    CREATE INDEX memberships_by_tenant ON memberships (tenant_id, id);
    ${isolateTenant({ table: 'memberships', privileges: 'SELECT, INSERT, UPDATE (role, updated_at, version), DELETE' })}
    ${isolateTenant({
      table: 'users',
      rows: 'member',
      privileges: 'SELECT, INSERT, UPDATE (name, updated_at, version)',
    })}
    CREATE POLICY memberships_lookup ON memberships FOR SELECT TO aion_owner USING (true);

    -- last_used_on, last_refused_on: days in UTC. The first use and the first rejection of each day are audit events.
    CREATE TABLE platform_operators (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      prefix text NOT NULL UNIQUE CHECK (prefix ~ '^[a-z0-9]{12}$'),
      key_hash text NOT NULL CHECK (key_hash ~ '^[0-9a-f]{64}$'),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_on date,
      last_refused_on date
    );
    GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_on, last_refused_on) ON platform_operators TO aion_app;
  `);
  // Lists tenants for the operator, by state and in both orders; each order is read from the index of ids.
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

    CREATE FUNCTION list_tenants(max_rows integer, before_id uuid) RETURNS SETOF public.tenants
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT * FROM public.tenants WHERE before_id IS NULL OR id < before_id ORDER BY id DESC LIMIT max_rows
      $$;
    REVOKE ALL ON FUNCTION list_tenants(integer, uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_tenants(integer, uuid) TO aion_app;
  `);
  // Counts the tenants of a person without naming them. A tenant may rename only a person who is in no other tenant, and
  // its audit trail records the deletion of a person who has left the last one.
  await knex.raw(`
    CREATE FUNCTION count_memberships(person uuid) RETURNS bigint
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT count(*) FROM public.memberships WHERE user_id = person';
    REVOKE ALL ON FUNCTION count_memberships(uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION count_memberships(uuid) TO aion_app;
  `);
  // Deletes a person, with the e-mail address, once their last membership is deleted. No tenant sees the other memberships
  // of a person, so the owner decides. The row of the person is locked first: if two tenants remove a person concurrently,
  // the second transaction sees the result of the first. The owner can lock a user and change nothing
  // (`WITH CHECK (false)`), and can delete only users without a membership.
  await knex.raw(`
    CREATE POLICY users_lookup ON users FOR SELECT TO aion_owner USING (true);
    CREATE POLICY users_lock ON users FOR UPDATE TO aion_owner USING (true) WITH CHECK (false);
    CREATE POLICY users_of_no_tenant ON users FOR DELETE TO aion_owner
      USING (NOT EXISTS (SELECT FROM memberships m WHERE m.user_id = users.id));

    CREATE FUNCTION delete_user_of_no_tenant() RETURNS trigger
      LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        BEGIN
          PERFORM FROM public.users WHERE id = OLD.user_id FOR UPDATE;
          DELETE FROM public.users u
            WHERE u.id = OLD.user_id AND NOT EXISTS (SELECT FROM public.memberships m WHERE m.user_id = u.id);
          RETURN NULL;
        END
      $$;
    REVOKE ALL ON FUNCTION delete_user_of_no_tenant() FROM PUBLIC;
    CREATE TRIGGER memberships_delete_user AFTER DELETE ON memberships
      FOR EACH ROW EXECUTE FUNCTION delete_user_of_no_tenant();
  `);
}
