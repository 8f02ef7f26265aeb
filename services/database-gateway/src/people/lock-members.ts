import { ConflictError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';

/**
 * One transaction at a time changes who is in a tenant, until it ends: two cannot both remove the last but one owner, nor
 * both add the same person.
 */
export async function lockMembers(transaction: TenantTransaction): Promise<void> {
  await transaction.query({
    operation: 'SELECT',
    table: 'pg_catalog',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('aion-members:' || $1::uuid::text, 0))`,
    values: [transaction.tenantId],
  });
}

/**
 * Two people of a tenant with one address are most often one person, added twice. The members must be locked.
 * @param person who may have the address
 * @throws ConflictError
 */
export async function refuseTakenEmail(
  transaction: TenantTransaction,
  person: { readonly id: string; readonly email: string },
): Promise<void> {
  const [taken] = await transaction.query<{ readonly id: string }>({
    operation: 'SELECT',
    table: 'users',
    text: `
      SELECT u.id FROM memberships m JOIN users u ON u.id = m.user_id
      WHERE m.tenant_id = $1 AND lower(u.email) = lower($2) AND u.id <> $3 LIMIT 1`,
    values: [transaction.tenantId, person.email, person.id],
  });
  if (taken === undefined) return;
  throw new ConflictError(`The user ${taken.id} of the tenant has this address already.`, { param: 'email' });
}
