import type { SharedTransaction } from '../database/database.ts';

/**
 * The predicate that a row is of who the transaction is of, a tenant or the platform, who is `$1`. An index serves it,
 * which `tenant_id IS NOT DISTINCT FROM $1` does not use.
 */
export function ofOwner({ tenantId }: Pick<SharedTransaction, 'tenantId'>): string {
  return tenantId === null ? 'tenant_id IS NULL AND $1::uuid IS NULL' : 'tenant_id = $1';
}
