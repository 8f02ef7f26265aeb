import type { Database } from './database.ts';

interface RoleRow {
  readonly role: string;
  readonly bypasses: boolean;
  readonly owns: boolean;
  readonly is_app: boolean;
}

/**
 * Rejects a role that bypasses row-level security: a superuser, a role with BYPASSRLS, the owner of a table.
 * @throws Error that explains how to fix `DATABASE_URL`
 */
export async function assertConfinedRole(database: Database): Promise<void> {
  const [row] = await database.query<RoleRow & Record<string, unknown>>({
    table: 'pg_catalog',
    text: `
      SELECT r.rolname::text AS role, r.rolsuper OR r.rolbypassrls AS bypasses,
        pg_has_role(r.oid, 'aion_app', 'USAGE') AS is_app,
        EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
                AND pg_has_role(r.oid, c.relowner, 'USAGE')) AS owns
      FROM pg_roles r WHERE r.rolname = current_user`,
  });
  if (row === undefined || (row.is_app && !row.bypasses && !row.owns)) return;
  const fault = row.bypasses
    ? 'is a superuser or has BYPASSRLS'
    : row.owns
      ? 'owns tables'
      : 'is neither aion_app nor a member of it';
  throw new Error(
    `DATABASE_URL connects as "${row.role}", which ${fault}: row-level security would not isolate the tenants. ` +
      'Use the role aion_app there, and aion_owner in AION_MIGRATION_DATABASE_URL.',
  );
}
