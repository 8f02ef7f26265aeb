/** Row-level security and privileges of one table. Changing this changes migrations: never edit it after a release. */
export interface IsolationOptions {
  readonly table: string;
  /** Privileges of `aion_app`, in the syntax of GRANT: `SELECT, INSERT, UPDATE (name, version)`. */
  readonly privileges: string;
  /**
   * Owner of a row. `tenant` (default): the tenant in `tenant_id NOT NULL`. `shared`: the tenant in `tenant_id`, or the
   * platform where it is null; rows of the platform are visible only while no tenant is set. `self`: the row is the tenant.
   * `member`: the row is a person, visible to every tenant in which that person has a membership.
   */
  readonly rows?: 'tenant' | 'shared' | 'self' | 'member';
}

/**
 * A custom setting is '' after the transaction that set it: `nullif` turns that into no tenant instead of an error. The
 * sub-select makes PostgreSQL evaluate the setting once per query instead of once per row.
 */
const CURRENT_TENANT = `(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)`;

const PREDICATES = {
  tenant: `tenant_id = ${CURRENT_TENANT}`,
  shared: `tenant_id IS NOT DISTINCT FROM ${CURRENT_TENANT}`,
  self: `id = ${CURRENT_TENANT}`,
  member: `id IN (SELECT m.user_id FROM memberships m WHERE m.tenant_id = ${CURRENT_TENANT})`,
} as const;

/**
 * Returns the statements that isolate tenants in a table: forced row-level security, a permissive policy, without which
 * PostgreSQL shows no row, a RESTRICTIVE policy, which no later policy can widen, and the grants. FORCE applies to the
 * owner, who has only the policies that a `SECURITY DEFINER` function needs: a migration or a console that does not set a
 * tenant sees no rows.
 */
export function isolateTenant({ table, privileges, rows = 'tenant' }: IsolationOptions): string {
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY ${table}_access ON ${table} TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY ${table}_isolation ON ${table} AS RESTRICTIVE TO aion_app USING (${PREDICATES[rows]});
    GRANT ${privileges} ON ${table} TO aion_app;`;
}
