import { ROLE_SCOPES, type Role } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { IS_LIVE } from '../keys/key-status.ts';

/**
 * Whether a person, a user or an operator, may have holds of the tenant released: now, whatever they might when they
 * asked. It stays so until the transaction ends.
 */
export async function mayRelease(transaction: TenantTransaction, personId: string): Promise<boolean> {
  const [member] = await transaction.query<{ readonly role: Role }>({
    operation: 'SELECT',
    table: 'memberships',
    text: 'SELECT role FROM memberships WHERE tenant_id = $1 AND user_id = $2 FOR SHARE',
    values: [transaction.tenantId, personId],
  });
  if (member !== undefined) return ROLE_SCOPES[member.role].includes('holds:write');
  const operators = await transaction.query({
    operation: 'SELECT',
    table: 'platform_operators',
    text: `SELECT 1 FROM platform_operators WHERE id = $1 AND ${IS_LIVE} FOR SHARE`,
    values: [personId],
  });
  return operators.length > 0;
}
