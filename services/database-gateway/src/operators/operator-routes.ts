import { internalRoute, internalRoutes, type BodyOf, type Caller, type Operator, routes } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { PlatformTransaction } from '../database/database.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import {
  findUnrevokedOperator,
  hasOtherLiveOperator,
  insertOperator,
  lockOperators,
  requireOperator,
  revokeOperator,
  selectOperators,
  type OperatorRow,
} from './operator-store.ts';

type NewOperator = BodyOf<typeof internalRoutes.operators.store>;

/** Creates the routes of the operators of the installation. */
export function createOperatorRoutes({ forPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoutes.operators.storeFirst, async (transaction, { body, caller }) => {
      await lockOperators(transaction);
      await assertFirstOperator(transaction);
      return storeOperator(transaction, body, caller);
    }),
    forPlatform(internalRoutes.operators.store, (transaction, { body, caller }) =>
      storeOperator(transaction, body, caller),
    ),
    forPlatform(internalRoute(routes.operators.list), (transaction, { query }) =>
      listById({
        list: 'operators',
        query,
        read: (page) => selectOperators(transaction, page, query),
        toItem: toOperator,
      }),
    ),
    forPlatform(internalRoute(routes.operators.revoke), (transaction, { params, caller }) =>
      revokeOnce(transaction, params.operator_id, caller),
    ),
  ];
}

async function storeOperator(transaction: PlatformTransaction, operator: NewOperator, caller: Caller) {
  const row = await insertOperator(transaction, operator);
  await recordEvent(transaction, caller, 'operator.created', row.id);
  return { answer: { ...toOperator(row), sealed_key: operator.sealed_key } };
}

/** Revokes an operator permanently; one that is revoked already stays unchanged, without another event. */
async function revokeOnce(transaction: PlatformTransaction, id: string, caller: Caller) {
  await lockOperators(transaction);
  const current = await requireOperator(transaction, id);
  if (current.revoked_at !== null) return { answer: toOperator(current) };
  if (!(await hasOtherLiveOperator(transaction, id))) {
    throw new ConflictError(`Operator ${id} is the last one with a live key: create another one first.`);
  }
  const row = await revokeOperator(transaction, id);
  await recordEvent(transaction, caller, 'operator.revoked', id);
  return { answer: toOperator(row) };
}

/**
 * Asserts that every operator is revoked. Until then the secret of the installation creates no operator: a key that has
 * expired does not give it that power back.
 * @throws ConflictError
 */
async function assertFirstOperator(transaction: PlatformTransaction): Promise<void> {
  const operator = await findUnrevokedOperator(transaction);
  if (operator === undefined) return;
  throw new ConflictError(
    operator.isLive
      ? 'This installation has an operator already: it can create others. Nothing was changed.'
      : 'This installation has an operator already, whose key has expired: the owner of the database revokes it there ' +
          'first (docs/adr/0004). Nothing was changed.',
  );
}

function recordEvent(
  transaction: PlatformTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'platform_operator', targetId });
}

function toOperator({ id, name, prefix, created_at, expires_at, revoked_at, last_used_on }: OperatorRow): Operator {
  return {
    id,
    name,
    prefix,
    created_at: created_at.toISOString(),
    expires_at: expires_at?.toISOString() ?? null,
    revoked_at: revoked_at?.toISOString() ?? null,
    last_used_on,
  };
}
