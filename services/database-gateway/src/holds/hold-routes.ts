import { internalRoute, type Caller, routes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, NotFoundError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';
import { requirePerson } from '../management/require-person.ts';
import { toLegalHold, type HoldRow } from './hold-row.ts';
import { mayRelease } from './may-release.ts';
import { requireHoldable } from './require-holdable.ts';

type NewHold = BodyOf<typeof routes.legalHolds.place>;
type HoldFilter = QueryOf<typeof routes.legalHolds.list>;

/** The routes on what must not be deleted. */
export function createHoldRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.legalHolds.list), (transaction, { query }) => listHolds(transaction, query)),
    forTenant(internalRoute(routes.legalHolds.place), (transaction, { body, caller }) =>
      placeHold(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.legalHolds.get), async (transaction, { params }) =>
      versioned(await requireHold(transaction, params.hold_id)),
    ),
    forTenant(internalRoute(routes.legalHolds.requestRelease), (transaction, { params, caller }) =>
      requestRelease(transaction, params.hold_id, caller),
    ),
    forTenant(internalRoute(routes.legalHolds.release), (transaction, { params, caller }) =>
      releaseHold(transaction, params.hold_id, caller),
    ),
  ];
}

function versioned(row: HoldRow) {
  return { answer: toLegalHold(row), version: row.version };
}

function listHolds(transaction: TenantTransaction, query: HoldFilter) {
  return readPage({
    list: 'legal-holds',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<HoldRow>({
        operation: 'SELECT',
        table: 'legal_holds',
        text: `
          SELECT * FROM legal_holds
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2)
            AND ($3::boolean IS NULL OR (released_at IS NULL) = $3) AND ($4::text IS NULL OR scope = $4)
            AND ($5::uuid IS NULL OR scope_id = $5)
          ORDER BY id ${direction} LIMIT $6`,
        values: [
          ...[transaction.tenantId, after, query.in_force ?? null, query.scope ?? null],
          ...[query.scope_id ?? null, limit],
        ],
      });
      return rows.map(toLegalHold);
    },
    positionOf: ({ id }) => id,
  });
}

async function placeHold(transaction: TenantTransaction, hold: NewHold, caller: Caller) {
  const placedBy = requirePerson(caller);
  await requireHoldable(transaction, hold.scope, hold.scope_id);
  const [row] = await transaction.query<HoldRow>({
    operation: 'INSERT',
    table: 'legal_holds',
    text: `
      INSERT INTO legal_holds (id, tenant_id, scope, scope_id, ground, reference, placed_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
    values: [
      ...[uuidv7(), transaction.tenantId, hold.scope, hold.scope_id],
      ...[hold.ground, hold.reference ?? null, placedBy],
    ],
  });
  return recorded(transaction, row, caller, 'legal_hold.placed');
}

/** To ask again changes nothing, unless who has asked may no longer: then somebody else asks in their place. */
async function requestRelease(transaction: TenantTransaction, id: string, caller: Caller) {
  const person = requirePerson(caller);
  const current = await requireHold(transaction, id, 'FOR UPDATE');
  if (current.released_at !== null) throw new ConflictError(`The legal hold ${id} is released already.`);
  if (current.release_requested_by === person) return versioned(current);
  if (current.release_requested_by !== null && (await mayRelease(transaction, current.release_requested_by))) {
    throw new ConflictError(
      `Another person has asked already for the release of the legal hold ${id}: release it, if you agree.`,
    );
  }
  const [row] = await transaction.query<HoldRow>({
    operation: 'UPDATE',
    table: 'legal_holds',
    text: `
      UPDATE legal_holds SET release_requested_by = $3, release_requested_at = clock_timestamp(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, person],
  });
  return recorded(transaction, row, caller, 'legal_hold.release_requested');
}

/**
 * Two persons release who may do so now: who has asked may have left since. A CHECK of the table holds that there are two,
 * and that the first came first: the clock is read under the lock of the hold, and not when a transaction began.
 */
async function releaseHold(transaction: TenantTransaction, id: string, caller: Caller) {
  const person = requirePerson(caller);
  const current = await requireHold(transaction, id, 'FOR UPDATE');
  if (current.released_at !== null) return versioned(current);
  if (current.release_requested_by === null) {
    throw new ConflictError(`Nobody has asked for the release of the legal hold ${id} yet: two persons release it.`);
  }
  if (current.release_requested_by === person) {
    throw new PermissionDeniedError(
      `You have asked for the release of the legal hold ${id} yourself: another person releases it.`,
    );
  }
  if (!(await mayRelease(transaction, current.release_requested_by))) {
    throw new ConflictError(
      `Who has asked for the release of the legal hold ${id} may no longer do so: ask for it anew, and another person ` +
        'releases it.',
    );
  }
  const [row] = await transaction.query<HoldRow>({
    operation: 'UPDATE',
    table: 'legal_holds',
    text: `
      UPDATE legal_holds SET released_by = $3, released_at = clock_timestamp(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, person],
  });
  return recorded(transaction, row, caller, 'legal_hold.released');
}

async function recorded(transaction: TenantTransaction, row: HoldRow | undefined, caller: Caller, action: string) {
  if (row === undefined) throw new Error('the statement gave no row');
  const { actor } = caller;
  await recordAuditEvent(transaction, { actor, action, targetType: 'legal_hold', targetId: row.id });
  return versioned(row);
}

async function requireHold(transaction: TenantTransaction, id: string, lock: '' | 'FOR UPDATE' = ''): Promise<HoldRow> {
  const [row] = await transaction.query<HoldRow>({
    operation: 'SELECT',
    table: 'legal_holds',
    text: `SELECT * FROM legal_holds WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no legal hold ${id}.`);
  return row;
}
