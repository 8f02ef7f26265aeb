import pg from 'pg';
import type { TenantPath } from '../data-map/table-entry.ts';

/**
 * Builds the condition that selects a tenant's rows of a table. `tenant` is an SQL expression: a parameter such as `$1`, or
 * an escaped literal.
 */
export function tenantPredicate(path: TenantPath, tenant: string): string {
  const own = `${pg.escapeIdentifier(path.column)} = ${tenant}`;
  if (!('through' in path)) return own;
  const [key, reference, through] = [path.key, path.reference, path.through].map(pg.escapeIdentifier);
  return `${key} IN (SELECT ${reference} FROM ${through} WHERE ${own})`;
}
