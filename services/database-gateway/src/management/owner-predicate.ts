import type { SharedTransaction } from '../database/database.ts';

/**
 * Returns the SQL predicate that selects the rows of the transaction's owner, a tenant or the platform, whose id is `$1`.
 * Unlike `tenant_id IS NOT DISTINCT FROM $1`, it can use an index.
 */
export function ownerPredicate({ tenantId }: Pick<SharedTransaction, 'tenantId'>): string {
  return tenantId === null ? 'tenant_id IS NULL AND $1::uuid IS NULL' : 'tenant_id = $1';
}
