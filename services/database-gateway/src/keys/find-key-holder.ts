import type { AnswerOf, Role, TenantState, internalRoutes } from '@aion/contracts';
import type { Database } from '../database/database.ts';
import { requireRow } from '../database/require-row.ts';
import { toApiKey, type ApiKeyRow } from './api-key-row.ts';

/** A key with the keyed hash of its secret, the role of its person and the state of its tenant. */
export type StoredApiKey = AnswerOf<typeof internalRoutes.apiKeys.find>;
/** An operator with the keyed hash of the operator's key. */
export type StoredOperator = AnswerOf<typeof internalRoutes.operators.find>;

/** Finds the key with a prefix, in any state. @throws NotFoundError */
export async function findKeyHolder(database: Database, prefix: string): Promise<StoredApiKey> {
  const rows = await database.query<ApiKeyRow & { role: Role | null; tenant_state: TenantState }>({
    functionOf: 'api_keys',
    text: 'SELECT (key).*, role, tenant_state FROM find_key_holder($1)',
    values: [prefix],
  });
  const row = requireRow(rows, 'There is no key with this prefix.');
  const { key_hash, last_refused_on, role, tenant_state } = row;
  return { ...toApiKey(row), key_hash, last_refused_on, role, tenant_state };
}

/** Finds the operator whose key has a prefix, in any state. @throws NotFoundError */
export async function findOperatorByPrefix(database: Database, prefix: string): Promise<StoredOperator> {
  const rows = await database.query<OperatorRow>({
    table: 'platform_operators',
    text: `
      SELECT id, key_hash, expires_at, revoked_at, last_used_on, last_refused_on FROM platform_operators
      WHERE prefix = $1`,
    values: [prefix],
  });
  const row = requireRow(rows, 'There is no operator with this prefix.');
  return {
    id: row.id,
    key_hash: row.key_hash,
    last_used_on: row.last_used_on,
    last_refused_on: row.last_refused_on,
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
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
