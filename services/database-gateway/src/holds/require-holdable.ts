import type { HoldScope } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { Query, TenantTransaction } from '../database/database.ts';

const PLACES = {
  tenant: { operation: 'SELECT', table: 'tenants', text: 'SELECT 1 FROM tenants WHERE id = $1 AND id = $2' },
  project: { operation: 'SELECT', table: 'projects', text: 'SELECT 1 FROM projects WHERE tenant_id = $1 AND id = $2' },
  // Who has left the tenant may have left keys, and what was done with them.
  user: {
    operation: 'SELECT',
    table: 'memberships',
    text: `
      SELECT 1 FROM memberships WHERE tenant_id = $1 AND user_id = $2
      UNION ALL SELECT 1 FROM api_keys WHERE tenant_id = $1 AND user_id = $2 LIMIT 1`,
  },
  api_key: { operation: 'SELECT', table: 'api_keys', text: 'SELECT 1 FROM api_keys WHERE tenant_id = $1 AND id = $2' },
  generation: {
    operation: 'SELECT',
    table: 'generations',
    text: 'SELECT 1 FROM generations WHERE tenant_id = $1 AND id = $2',
  },
  file: { operation: 'SELECT', table: 'files', text: 'SELECT 1 FROM files WHERE tenant_id = $1 AND id = $2' },
} as const satisfies Record<HoldScope, Query>;

/**
 * What is to be held must be there. The row of the tenant is locked first, against deletions; see `assertNotOnLegalHold`.
 * @throws NotFoundError
 */
export async function requireHoldable(transaction: TenantTransaction, scope: HoldScope, id: string): Promise<void> {
  await transaction.query({
    operation: 'SELECT',
    table: 'tenants',
    text: 'SELECT 1 FROM tenants WHERE id = $1 FOR NO KEY UPDATE',
    values: [transaction.tenantId],
  });
  const rows = await transaction.query({ ...PLACES[scope], values: [transaction.tenantId, id] });
  if (rows.length > 0) return;
  throw new NotFoundError(`There is no ${scope.replace('_', ' ')} ${id}.`, { param: 'scope_id' });
}
