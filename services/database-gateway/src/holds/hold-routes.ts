import { ROLE_SCOPES, internalRoute, type BodyOf, type Caller, type LegalHold, routes } from '@aion/contracts';
import { ConflictError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { lockTenant } from '../database/lock-tenant.ts';
import { listById } from '../management/list-by-id.ts';
import { requirePerson } from '../management/require-person.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import {
  insertHold,
  lockLiveOperator,
  lockRole,
  releaseHold,
  requestRelease,
  requireHold,
  requireHoldTarget,
  selectHolds,
  type HoldRow,
} from './hold-store.ts';

/** Creates the routes of the legal holds of a tenant. */
export function createHoldRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.legalHolds.list), (transaction, { query }) =>
      listById({ list: 'legal-holds', query, read: (page) => selectHolds(transaction, page, query), toItem: toHold }),
    ),
    forTenant(internalRoute(routes.legalHolds.place), (transaction, { body, caller }) =>
      place(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.legalHolds.get), async (transaction, { params }) =>
      toVersioned(await requireHold(transaction, params.hold_id), toHold),
    ),
    forTenant(internalRoute(routes.legalHolds.requestRelease), (transaction, { params, caller }) =>
      requestReleaseOnce(transaction, params.hold_id, caller),
    ),
    forTenant(internalRoute(routes.legalHolds.release), (transaction, { params, caller }) =>
      releaseOnce(transaction, params.hold_id, caller),
    ),
  ];
}

async function place(transaction: TenantTransaction, hold: BodyOf<typeof routes.legalHolds.place>, caller: Caller) {
  const placedBy = requirePerson(caller);
  // Waits for concurrent deletions of the tenant's data, see `assertNotOnLegalHold`.
  await lockTenant(transaction, 'FOR NO KEY UPDATE');
  await requireHoldTarget(transaction, hold.scope, hold.scope_id);
  const row = await insertHold(transaction, hold, placedBy);
  await recordEvent(transaction, caller, 'legal_hold.placed', row.id);
  return toVersioned(row, toHold);
}

/** Requests a release. Repeating a request changes nothing; another person replaces one who may no longer release holds. */
async function requestReleaseOnce(transaction: TenantTransaction, id: string, caller: Caller) {
  const personId = requirePerson(caller);
  const current = await requireHold(transaction, id, 'FOR UPDATE');
  const { release_requested_by: requestedBy } = current;
  if (current.released_at !== null) throw new ConflictError(`The legal hold ${id} is released already.`);
  if (requestedBy === personId) return toVersioned(current, toHold);
  if (requestedBy !== null && (await mayRelease(transaction, requestedBy))) {
    throw new ConflictError(
      `Another person has requested the release of the legal hold ${id} already: release it, if you agree.`,
    );
  }
  const row = await requestRelease(transaction, id, personId);
  await recordEvent(transaction, caller, 'legal_hold.release_requested', id);
  return toVersioned(row, toHold);
}

/** Releases a hold, with two persons who may both release holds at this moment: the first may have left the tenant since. */
async function releaseOnce(transaction: TenantTransaction, id: string, caller: Caller) {
  const personId = requirePerson(caller);
  const current = await requireHold(transaction, id, 'FOR UPDATE');
  if (current.released_at !== null) return toVersioned(current, toHold);
  if (current.release_requested_by === null) {
    throw new ConflictError(
      `Nobody has requested the release of the legal hold ${id} yet: two persons release it, so request it first.`,
    );
  }
  if (current.release_requested_by === personId) {
    throw new PermissionDeniedError(
      `You have requested the release of the legal hold ${id} yourself: another person releases it.`,
    );
  }
  if (!(await mayRelease(transaction, current.release_requested_by))) {
    throw new ConflictError(
      `The person who has requested the release of the legal hold ${id} may no longer release holds: request it ` +
        'again, and another person releases it.',
    );
  }
  const row = await releaseHold(transaction, id, personId);
  await recordEvent(transaction, caller, 'legal_hold.released', id);
  return toVersioned(row, toHold);
}

/**
 * Reports whether a person, a user or an operator, may release holds of the tenant now, whatever was permitted when the
 * release was requested. It stays so until the transaction ends.
 */
async function mayRelease(transaction: TenantTransaction, personId: string): Promise<boolean> {
  const role = await lockRole(transaction, personId);
  if (role !== undefined) return ROLE_SCOPES[role].includes('holds:write');
  return lockLiveOperator(transaction, personId);
}

function recordEvent(
  transaction: TenantTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'legal_hold', targetId });
}

function toHold(row: HoldRow): LegalHold {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    scope: row.scope,
    scope_id: row.scope_id,
    ground: row.ground,
    reference: row.reference,
    placed_by: row.placed_by,
    placed_at: row.placed_at.toISOString(),
    release_requested_by: row.release_requested_by,
    release_requested_at: row.release_requested_at?.toISOString() ?? null,
    released_by: row.released_by,
    released_at: row.released_at?.toISOString() ?? null,
  };
}
