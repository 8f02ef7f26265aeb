import { HOLD_SCOPES, type HoldScope } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';

/** Something that a hold may be on. */
export interface Holdable {
  readonly scope: HoldScope;
  readonly id: string;
}

/** Those of some ids that are there. */
export function toHoldables(ids: Partial<Record<HoldScope, string | null>>): Holdable[] {
  return HOLD_SCOPES.flatMap((scope) => (typeof ids[scope] === 'string' ? [{ scope, id: ids[scope] }] : []));
}

/**
 * Refuses to delete what is held. The row of the tenant is locked until the transaction ends: a hold is placed before, and
 * is found here, or after, and no longer finds what is deleted. Every deletion of a tenant's data begins with this.
 * @param belongsTo what is deleted and all that it belongs to, but for the tenant, which is looked for in any case
 * @throws ConflictError that names the hold
 */
export async function refuseHeld(
  transaction: TenantTransaction,
  what: string,
  belongsTo: readonly Holdable[],
): Promise<void> {
  await transaction.query({
    operation: 'SELECT',
    table: 'tenants',
    text: 'SELECT 1 FROM tenants WHERE id = $1 FOR SHARE',
    values: [transaction.tenantId],
  });
  const places = [{ scope: 'tenant', id: transaction.tenantId }, ...belongsTo];
  const [hold] = await transaction.query<{ id: string; scope: HoldScope }>({
    operation: 'SELECT',
    table: 'legal_holds',
    text: `
      SELECT id, scope FROM legal_holds
      WHERE tenant_id = $1 AND released_at IS NULL
        AND (scope, scope_id) IN (SELECT * FROM unnest($2::text[], $3::uuid[]))
      ORDER BY id LIMIT 1`,
    values: [transaction.tenantId, places.map(({ scope }) => scope), places.map(({ id }) => id)],
  });
  if (hold === undefined) return;
  throw new ConflictError(
    `${what} cannot be deleted: the legal hold ${hold.id} on ${hold.scope === 'tenant' ? 'the tenant' : `its ${hold.scope}`}` +
      ' is in force.',
  );
}
