import {
  internalRoute,
  type Caller,
  type Operator,
  routes,
  internalRoutes,
  type BodyOf,
  type QueryOf,
} from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { PlatformTransaction } from '../database/database.ts';
import { IS_LIVE, KEY_STATUS } from '../keys/key-status.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';

type NewOperator = BodyOf<typeof internalRoutes.operators.store>;
type OperatorFilter = QueryOf<typeof routes.operators.list>;

interface OperatorRow extends Omit<Operator, 'created_at' | 'expires_at' | 'revoked_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

const COLUMNS = 'id, name, prefix, created_at, expires_at, revoked_at, last_used_on';

/** The routes on those who run the installation. */
export function createOperatorRoutes({ forPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoutes.operators.storeFirst, async (transaction, { body, caller }) => {
      await lockOperators(transaction);
      await refuseFurther(transaction);
      return insertOperator(transaction, body, caller);
    }),
    forPlatform(internalRoutes.operators.store, (transaction, { body, caller }) =>
      insertOperator(transaction, body, caller),
    ),
    forPlatform(internalRoute(routes.operators.list), (transaction, { query }) => listAll(transaction, query)),
    forPlatform(internalRoute(routes.operators.revoke), (transaction, { params, caller }) =>
      revoke(transaction, params.operator_id, caller),
    ),
  ];
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

/** One at a time asks whether there is another: two cannot both be the first, nor both be the last that goes. */
async function lockOperators(transaction: PlatformTransaction): Promise<void> {
  await transaction.query({
    operation: 'SELECT',
    table: 'pg_catalog',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('aion-operators', 0))`,
  });
}

/**
 * The secret of the installation opens nothing once there is an operator, until all of them are revoked: keys that have
 * expired open it to nobody. @throws ConflictError
 */
async function refuseFurther(transaction: PlatformTransaction): Promise<void> {
  const [operator] = await transaction.query<{ readonly is_live: boolean }>({
    operation: 'SELECT',
    table: 'platform_operators',
    text: `SELECT ${IS_LIVE} AS is_live FROM platform_operators WHERE revoked_at IS NULL ORDER BY 1 DESC LIMIT 1`,
  });
  if (operator === undefined) return;
  throw new ConflictError(
    operator.is_live
      ? 'This installation has an operator already: it can create others. Nothing was changed.'
      : 'This installation has an operator already, whose key has expired: the owner of the database revokes it there ' +
          'first (docs/adr/0004). Nothing was changed.',
  );
}

async function hasOther(transaction: PlatformTransaction, id: string): Promise<boolean> {
  const rows = await transaction.query({
    operation: 'SELECT',
    table: 'platform_operators',
    text: `SELECT 1 FROM platform_operators WHERE ${IS_LIVE} AND id <> $1 LIMIT 1`,
    values: [id],
  });
  return rows.length > 0;
}

async function insertOperator(transaction: PlatformTransaction, operator: NewOperator, caller: Caller) {
  const [row] = await transaction.query<OperatorRow>({
    operation: 'INSERT',
    table: 'platform_operators',
    text: `
      INSERT INTO platform_operators (id, name, prefix, key_hash, expires_at)
      VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
    values: [operator.id, operator.name, operator.prefix, operator.key_hash, operator.expires_at ?? null],
  });
  if (row === undefined) throw new Error('INSERT gave no row');
  await recordAuditEvent(transaction, { actor: caller.actor, ...eventOf('operator.created', row.id) });
  return { answer: { ...toOperator(row), sealed_key: operator.sealed_key } };
}

function listAll(transaction: PlatformTransaction, query: OperatorFilter) {
  return readPage({
    list: 'operators',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<OperatorRow>({
        operation: 'SELECT',
        table: 'platform_operators',
        text: `
          SELECT ${COLUMNS} FROM platform_operators
          WHERE ($1::uuid IS NULL OR id ${comparison} $1) AND ($2::text IS NULL OR ${KEY_STATUS} = $2)
          ORDER BY id ${direction} LIMIT $3`,
        values: [after, query.status ?? null, limit],
      });
      return rows.map(toOperator);
    },
    positionOf: ({ id }) => id,
  });
}

/** Revokes for good; one that is revoked stays as it is, without a further event. */
async function revoke(transaction: PlatformTransaction, id: string, caller: Caller) {
  await lockOperators(transaction);
  const [current] = await transaction.query<OperatorRow>({
    operation: 'SELECT',
    table: 'platform_operators',
    text: `SELECT ${COLUMNS} FROM platform_operators WHERE id = $1`,
    values: [id],
  });
  if (current === undefined) throw new NotFoundError(`There is no operator ${id}.`);
  if (current.revoked_at !== null) return { answer: toOperator(current) };
  if (!(await hasOther(transaction, id))) {
    throw new ConflictError(`Operator ${id} is the last one with a live key: create another one first.`);
  }
  const [revoked] = await transaction.query<OperatorRow>({
    operation: 'UPDATE',
    table: 'platform_operators',
    text: `UPDATE platform_operators SET revoked_at = now() WHERE id = $1 RETURNING ${COLUMNS}`,
    values: [id],
  });
  if (revoked === undefined) throw new Error('UPDATE gave no row');
  await recordAuditEvent(transaction, { actor: caller.actor, ...eventOf('operator.revoked', id) });
  return { answer: toOperator(revoked) };
}

function eventOf(action: string, targetId: string) {
  return { action, targetType: 'platform_operator', targetId } as const;
}
