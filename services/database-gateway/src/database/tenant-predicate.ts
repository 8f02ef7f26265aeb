import pg from 'pg';
import type { TenantPath } from '../data-map/table-entry.ts';

/**
 * The condition that picks a tenant's rows of a table. `tenant` is an expression of SQL: a parameter such as `$1`, or a
 * literal that was escaped.
 */
export function tenantPredicate(path: TenantPath, tenant: string): string {
  const own = `${pg.escapeIdentifier(path.column)} = ${tenant}`;
  if (!('through' in path)) return own;
  const [key, reference, through] = [path.key, path.reference, path.through].map(pg.escapeIdentifier);
  return `${key} IN (SELECT ${reference} FROM ${through} WHERE ${own})`;
}
