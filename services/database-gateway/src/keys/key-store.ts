import type { BodyOf, QueryOf, internalRoutes, routes } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';
import type { ApiKeyRow } from './api-key-row.ts';
import { KEY_STATUS } from './key-status.ts';

type KeyFilter = Pick<QueryOf<typeof routes.apiKeys.list>, 'project_id' | 'user_id' | 'status'>;

/** Reads a page of the keys of a tenant. */
export function selectKeys(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  filter: KeyFilter,
): Promise<ApiKeyRow[]> {
  return transaction.query<ApiKeyRow>({
    table: 'api_keys',
    text: `
      SELECT * FROM api_keys
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::uuid IS NULL OR project_id = $3)
        AND ($4::uuid IS NULL OR user_id = $4) AND ($5::text IS NULL OR ${KEY_STATUS} = $5)
      ORDER BY id ${direction} LIMIT $6`,
    values: [
      transaction.tenantId,
      after,
      filter.project_id ?? null,
      filter.user_id ?? null,
      filter.status ?? null,
      limit,
    ],
  });
}

/** Reads a key, and locks it when it is about to change. @throws NotFoundError */
export async function requireKey(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ApiKeyRow> {
  const rows = await transaction.query<ApiKeyRow>({
    table: 'api_keys',
    text: `SELECT * FROM api_keys WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no key ${id}.`);
}

/** Returns the expiry of a key, null for none; undefined when the tenant does not have the key. */
export async function findExpiry(
  transaction: TenantTransaction,
  id: string,
): Promise<{ readonly expiresAt: Date | null } | undefined> {
  const [row] = await transaction.query<{ readonly expires_at: Date | null }>({
    table: 'api_keys',
    text: 'SELECT expires_at FROM api_keys WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id],
  });
  return row === undefined ? undefined : { expiresAt: row.expires_at };
}

/** Inserts a key. */
export async function insertKey(
  transaction: TenantTransaction,
  key: BodyOf<typeof internalRoutes.apiKeys.store>,
): Promise<ApiKeyRow> {
  const rows = await transaction.query<ApiKeyRow>({
    table: 'api_keys',
    text: `
      INSERT INTO api_keys (id, tenant_id, project_id, user_id, name, prefix, key_hash, scopes, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
    values: [
      key.id,
      transaction.tenantId,
      key.project_id ?? null,
      key.user_id ?? null,
      key.name,
      key.prefix,
      key.key_hash,
      [...new Set(key.scopes)],
      key.expires_at ?? null,
    ],
  });
  return oneRow(rows);
}

/** Updates the name and the expiry of a key. */
export async function updateKey(
  transaction: TenantTransaction,
  id: string,
  { name, expiresAt }: { readonly name: string; readonly expiresAt: Date | null },
): Promise<ApiKeyRow> {
  const rows = await transaction.query<ApiKeyRow>({
    table: 'api_keys',
    text: `
      UPDATE api_keys SET name = $3, expires_at = $4, updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, name, expiresAt],
  });
  return oneRow(rows);
}

/** Revokes a key. */
export async function revokeKey(transaction: TenantTransaction, id: string): Promise<ApiKeyRow> {
  const rows = await transaction.query<ApiKeyRow>({
    table: 'api_keys',
    text: `
      UPDATE api_keys SET revoked_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id],
  });
  return oneRow(rows);
}

/** Revokes the keys of a person in the tenant, and returns the ids of those that were not revoked before. */
export async function revokeKeysOfUser(transaction: TenantTransaction, userId: string): Promise<string[]> {
  const keys = await transaction.query<{ readonly id: string }>({
    table: 'api_keys',
    text: `
      UPDATE api_keys SET revoked_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id`,
    values: [transaction.tenantId, userId],
  });
  return keys.map(({ id }) => id);
}

/** Reports whether a person is a member of the tenant, and locks the membership until the transaction ends. */
export async function lockMember(transaction: TenantTransaction, userId: string): Promise<boolean> {
  const rows = await transaction.query({
    table: 'memberships',
    text: 'SELECT 1 FROM memberships WHERE tenant_id = $1 AND user_id = $2 FOR SHARE',
    values: [transaction.tenantId, userId],
  });
  return rows.length > 0;
}

/**
 * Returns the time at which a project was archived, null for none, and locks the project until the transaction ends.
 * @throws NotFoundError
 */
export async function lockProject(
  transaction: TenantTransaction,
  id: string,
): Promise<{ readonly archivedAt: Date | null }> {
  const rows = await transaction.query<{ readonly archived_at: Date | null }>({
    table: 'projects',
    text: 'SELECT archived_at FROM projects WHERE tenant_id = $1 AND id = $2 FOR SHARE',
    values: [transaction.tenantId, id],
  });
  return { archivedAt: requireRow(rows, `There is no project ${id}.`, 'project_id').archived_at };
}
