import type { Knex } from 'knex';

/**
 * A person who has left the last tenant is deleted, and the e-mail address with them, whoever removed the membership.
 *
 * No tenant sees whether a person is in others, so the owner's function decides. It locks the person first: of two tenants
 * that remove somebody at the same time, the second sees what the first did. The owner may lock people and change nothing
 * of them (`WITH CHECK (false)`), and delete those only who are in no tenant.
 */
export async function up(knex: Knex): Promise<void> {
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
