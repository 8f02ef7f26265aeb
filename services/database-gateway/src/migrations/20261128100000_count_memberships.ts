import type { Knex } from 'knex';

/**
 * In how many tenants a person is: a number, and not which. One tenant renames nobody for others, and its audit trail has
 * the deletion of a person who has left the last one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION count_memberships(person uuid) RETURNS bigint
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT count(*) FROM public.memberships WHERE user_id = person';
    REVOKE ALL ON FUNCTION count_memberships(uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION count_memberships(uuid) TO aion_app;
  `);
}
