import { internalRoute, type BodyOf, type Caller, type Tenant, routes } from '@aion/contracts';
import { ConflictError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { PlatformTransaction, TenantTransaction } from '../database/database.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import { insertTenant, requireTenant, selectTenants, updateTenant, type TenantRow } from './tenant-store.ts';

/** Creates the routes of tenants. */
export function createTenantRoutes({ forPlatform, forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoute(routes.tenants.list), (transaction, { query }) =>
      listById({ list: 'tenants', query, read: (page) => selectTenants(transaction, page, query), toItem: toTenant }),
    ),
    forPlatform(internalRoute(routes.tenants.create), (transaction, { body, caller }) =>
      createTenant(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.tenants.get), async (transaction) =>
      toVersioned(await requireTenant(transaction), toTenant),
    ),
    forTenant(internalRoute(routes.tenants.update), (transaction, { body, caller }) =>
      changeTenant(transaction, body, caller),
    ),
  ];
}

/** Creates a tenant. The request and its idempotency key belong to the platform, the row and its event to the tenant. */
function createTenant(platform: PlatformTransaction, tenant: BodyOf<typeof routes.tenants.create>, caller: Caller) {
  return platform.asTenant(uuidv7(), async (transaction) => {
    const row = await insertTenant(transaction, tenant);
    await recordEvent(transaction, caller, 'tenant.created');
    return toVersioned(row, toTenant);
  });
}

async function changeTenant(
  transaction: TenantTransaction,
  change: BodyOf<typeof routes.tenants.update>,
  caller: Caller,
) {
  // A change of the state waits for all writes of the tenant in flight; any other change blocks none of them.
  const current = await requireTenant(transaction, change.state === undefined ? 'FOR NO KEY UPDATE' : 'FOR UPDATE');
  assertIfMatch(caller, current);
  if (change.state !== undefined) assertStateMayChange(current, caller);
  const { name = current.name, store_content: storeContent = current.store_content, state = current.state } = change;
  const row = await updateTenant(transaction, { name, storeContent, state });
  await recordEvent(transaction, caller, 'tenant.updated');
  return toVersioned(row, toTenant);
}

function assertStateMayChange({ id, state }: TenantRow, caller: Caller): void {
  if (caller.scopes !== null) {
    throw new PermissionDeniedError('Only the operator may change the state of a tenant.', { param: 'state' });
  }
  if (state === 'active' || state === 'read_only') return;
  throw new ConflictError(`Tenant ${id} is ${state}: this state cannot be changed here.`, { param: 'state' });
}

function recordEvent(transaction: TenantTransaction, { actor }: Caller, action: string): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'tenant', targetId: transaction.tenantId });
}

function toTenant({ id, name, state, store_content, created_at, updated_at }: TenantRow): Tenant {
  return {
    id,
    name,
    state,
    store_content,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
