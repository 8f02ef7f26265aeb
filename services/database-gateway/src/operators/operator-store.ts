import type { BodyOf, Operator, QueryOf, internalRoutes, routes } from '@aion/contracts';
import type { PlatformTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import { IS_LIVE, KEY_STATUS } from '../keys/key-status.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `platform_operators`, without the hash of the key. */
export interface OperatorRow extends Omit<Operator, 'created_at' | 'expires_at' | 'revoked_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

const COLUMNS = 'id, name, prefix, created_at, expires_at, revoked_at, last_used_on';

/**
 * Serializes transactions that check whether other operators exist, so that two can neither both create the first
 * operator nor both revoke the last one.
 */
export async function lockOperators(transaction: PlatformTransaction): Promise<void> {
  await transaction.query({
    table: 'pg_catalog',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('aion-operators', 0))`,
  });
}

/** Reads a page of the operators. */
export function selectOperators(
  transaction: PlatformTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { status }: Pick<QueryOf<typeof routes.operators.list>, 'status'>,
): Promise<OperatorRow[]> {
  return transaction.query<OperatorRow>({
    table: 'platform_operators',
    text: `
      SELECT ${COLUMNS} FROM platform_operators
      WHERE ($1::uuid IS NULL OR id ${comparison} $1) AND ($2::text IS NULL OR ${KEY_STATUS} = $2)
      ORDER BY id ${direction} LIMIT $3`,
    values: [after, status ?? null, limit],
  });
}

/** Reads an operator. @throws NotFoundError */
export async function requireOperator(transaction: PlatformTransaction, id: string): Promise<OperatorRow> {
  const rows = await transaction.query<OperatorRow>({
    table: 'platform_operators',
    text: `SELECT ${COLUMNS} FROM platform_operators WHERE id = $1`,
    values: [id],
  });
  return requireRow(rows, `There is no operator ${id}.`);
}

/** Finds an operator that is not revoked, preferably one whose key has not expired. */
export async function findUnrevokedOperator(
  transaction: PlatformTransaction,
): Promise<{ readonly isLive: boolean } | undefined> {
  const [operator] = await transaction.query<{ readonly is_live: boolean }>({
    table: 'platform_operators',
    text: `SELECT ${IS_LIVE} AS is_live FROM platform_operators WHERE revoked_at IS NULL ORDER BY 1 DESC LIMIT 1`,
  });
  return operator === undefined ? undefined : { isLive: operator.is_live };
}

/** Reports whether another operator has a live key. */
export async function hasOtherLiveOperator(transaction: PlatformTransaction, id: string): Promise<boolean> {
  const rows = await transaction.query({
    table: 'platform_operators',
    text: `SELECT 1 FROM platform_operators WHERE ${IS_LIVE} AND id <> $1 LIMIT 1`,
    values: [id],
  });
  return rows.length > 0;
}

/** Inserts an operator. */
export async function insertOperator(
  transaction: PlatformTransaction,
  operator: BodyOf<typeof internalRoutes.operators.store>,
): Promise<OperatorRow> {
  const rows = await transaction.query<OperatorRow>({
    table: 'platform_operators',
    text: `
      INSERT INTO platform_operators (id, name, prefix, key_hash, expires_at)
      VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
    values: [operator.id, operator.name, operator.prefix, operator.key_hash, operator.expires_at ?? null],
  });
  return oneRow(rows);
}

/** Revokes an operator. */
export async function revokeOperator(transaction: PlatformTransaction, id: string): Promise<OperatorRow> {
  const rows = await transaction.query<OperatorRow>({
    table: 'platform_operators',
    text: `UPDATE platform_operators SET revoked_at = now() WHERE id = $1 RETURNING ${COLUMNS}`,
    values: [id],
  });
  return oneRow(rows);
}
