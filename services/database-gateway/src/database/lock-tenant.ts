import type { TenantTransaction } from './database.ts';

/** Locks the row of the transaction's tenant until the transaction ends. */
export async function lockTenant(
  transaction: TenantTransaction,
  lock: 'FOR SHARE' | 'FOR NO KEY UPDATE',
): Promise<void> {
  await transaction.query({
    table: 'tenants',
    text: `SELECT 1 FROM tenants WHERE id = $1 ${lock}`,
    values: [transaction.tenantId],
  });
}
