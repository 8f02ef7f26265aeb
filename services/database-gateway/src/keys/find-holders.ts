import type { Role, TenantState, internalRoutes, AnswerOf } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { Database } from '../database/database.ts';
import { toApiKey, type ApiKeyRow } from './api-key-row.ts';

/** A key with the keyed hash of its secret, and what its holder is. */
export type StoredApiKey = AnswerOf<typeof internalRoutes.apiKeys.find>;
/** An operator with the keyed hash of the key. */
export type StoredOperator = AnswerOf<typeof internalRoutes.operators.find>;

/** The key with a prefix, whatever its state. @throws NotFoundError */
export async function findKeyHolder(database: Database, prefix: string): Promise<StoredApiKey> {
  const [row] = await database.query<ApiKeyRow & { role: Role | null; tenant_state: TenantState }>({
    operation: 'CALL',
    table: 'api_keys',
    text: 'SELECT (key).*, role, tenant_state FROM find_key_holder($1)',
    values: [prefix],
  });
  if (row === undefined) throw new NotFoundError('There is no key with this prefix.');
  const { key_hash, last_refused_on, role, tenant_state } = row;
  return { ...toApiKey(row), key_hash, last_refused_on, role, tenant_state };
}

interface OperatorRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly key_hash: string;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_on: string | null;
  readonly last_refused_on: string | null;
}

/** The operator whose key has a prefix, whatever its state. @throws NotFoundError */
export async function findOperatorByPrefix(database: Database, prefix: string): Promise<StoredOperator> {
  const [row] = await database.query<OperatorRow>({
    operation: 'SELECT',
    table: 'platform_operators',
    text: `
      SELECT id, key_hash, expires_at, revoked_at, last_used_on, last_refused_on FROM platform_operators
      WHERE prefix = $1`,
    values: [prefix],
  });
  if (row === undefined) throw new NotFoundError('There is no operator with this prefix.');
  return {
    ...{ id: row.id, key_hash: row.key_hash },
    ...{ last_used_on: row.last_used_on, last_refused_on: row.last_refused_on },
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}
