import { HOLD_SCOPES, type HoldScope } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import { lockTenant } from '../database/lock-tenant.ts';

/** A resource that a legal hold can cover. */
export interface HoldTarget {
  readonly scope: HoldScope;
  readonly id: string;
}

/**
 * Asserts that no legal hold covers a resource that is about to be deleted. Locks the row of the tenant until the
 * transaction ends: a concurrent hold is either placed before and found here, or placed afterwards and does not find the
 * deleted resource. Every deletion of a tenant's data begins with this check.
 * @param name begins the message: `The file <id>`
 * @param targets the resource and everything that it belongs to, except for the tenant, which is always checked
 * @throws ConflictError that names the hold
 */
export async function assertNotOnLegalHold(
  transaction: TenantTransaction,
  name: string,
  targets: readonly HoldTarget[],
): Promise<void> {
  await lockTenant(transaction, 'FOR SHARE');
  const covered = [{ scope: 'tenant', id: transaction.tenantId }, ...targets];
  const [hold] = await transaction.query<{ id: string; scope: HoldScope }>({
    table: 'legal_holds',
    text: `
      SELECT id, scope FROM legal_holds
      WHERE tenant_id = $1 AND released_at IS NULL
        AND (scope, scope_id) IN (SELECT * FROM unnest($2::text[], $3::uuid[]))
      ORDER BY id LIMIT 1`,
    values: [transaction.tenantId, covered.map(({ scope }) => scope), covered.map(({ id }) => id)],
  });
  if (hold === undefined) return;
  const owner = hold.scope === 'tenant' ? 'the tenant' : `its ${hold.scope}`;
  throw new ConflictError(`${name} cannot be deleted: the legal hold ${hold.id} on ${owner} is in force.`);
}

/** Builds targets from the ids that are not null. */
export function toHoldTargets(ids: Partial<Record<HoldScope, string | null>>): HoldTarget[] {
  return HOLD_SCOPES.flatMap((scope) => (typeof ids[scope] === 'string' ? [{ scope, id: ids[scope] }] : []));
}
