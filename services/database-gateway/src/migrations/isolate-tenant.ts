/** What of a table the application may do, and whose rows it holds. Changing this changes migrations: it is never edited. */
export interface IsolationOptions {
  readonly table: string;
  /** What `aion_app` is granted, as GRANT spells it: `SELECT, INSERT, UPDATE (name, version)`. */
  readonly privileges: string;
  /**
   * Whose a row is: `tenant` (the default) has a `tenant_id NOT NULL`; `shared` has rows of tenants and, where it is null,
   * of the platform, which are seen where no tenant is set and nowhere else; `member` is a person, seen by the tenants
   * that have a membership of theirs.
   */
  readonly rows?: 'tenant' | 'shared' | 'member';
}

const CURRENT_TENANT = `(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)`;

const PREDICATES = {
  tenant: `tenant_id = ${CURRENT_TENANT}`,
  shared: `tenant_id IS NOT DISTINCT FROM ${CURRENT_TENANT}`,
  member: `id IN (SELECT m.user_id FROM memberships m WHERE m.tenant_id = ${CURRENT_TENANT})`,
} as const;

/**
 * The statements that separate the tenants in a table: row-level security, forced, with a permissive policy, which
 * PostgreSQL needs before it shows any row at all, and a RESTRICTIVE one, which no later policy can widen; and the grants.
 */
export function isolateTenant({ table, privileges, rows = 'tenant' }: IsolationOptions): string {
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY ${table}_access ON ${table} TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY ${table}_isolation ON ${table} AS RESTRICTIVE TO aion_app USING (${PREDICATES[rows]});
    GRANT ${privileges} ON ${table} TO aion_app;`;
}
