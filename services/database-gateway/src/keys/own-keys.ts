import type { ApiKey } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database, TenantTransaction } from '../database/database.ts';
import { toApiKey, type ApiKeyRow } from './api-key-row.ts';

/** The keys of one tenant, as the tenant looks after them. Another tenant's key is not found. */
export interface OwnKeys {
  /** Newest first; only those that were created before the given one. */
  list(tenantId: string, page: { readonly limit: number; readonly before?: string | undefined }): Promise<ApiKey[]>;
  /** @throws NotFoundError */
  read(tenantId: string, id: string): Promise<ApiKey>;
  /** Revokes for good; a key that is revoked stays as it is. @throws NotFoundError */
  revoke(tenantId: string, id: string, actor: string): Promise<ApiKey>;
}

/** Creates the store. */
export function createOwnKeys(database: Database): OwnKeys {
  return {
    list: (tenantId, { limit, before }) =>
      database.withTenant(tenantId, async (transaction) => {
        const rows = await transaction.query<ApiKeyRow>({
          operation: 'SELECT',
          table: 'api_keys',
          // The ids are UUID v7: their order is that of creation.
          text: `SELECT * FROM api_keys WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
          values: [tenantId, before ?? null, limit],
        });
        return rows.map(toApiKey);
      }),
    read: (tenantId, id) =>
      database.withTenant(tenantId, async (transaction) => requireKey(await select(transaction, id), id)),
    revoke: (tenantId, id, actor) =>
      database.withTenant(tenantId, async (transaction) => {
        const [revoked] = await transaction.query<ApiKeyRow>({
          operation: 'UPDATE',
          table: 'api_keys',
          text: `
            UPDATE api_keys SET revoked_at = now(), updated_at = now(), version = version + 1
            WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING *`,
          values: [tenantId, id],
        });
        if (revoked === undefined) return requireKey(await select(transaction, id), id);
        await recordAuditEvent(transaction, { actor, action: 'api_key.revoked', targetType: 'api_key', targetId: id });
        return toApiKey(revoked);
      }),
  };
}

async function select(transaction: TenantTransaction, id: string): Promise<ApiKeyRow | undefined> {
  const [row] = await transaction.query<ApiKeyRow>({
    operation: 'SELECT',
    table: 'api_keys',
    text: 'SELECT * FROM api_keys WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id],
  });
  return row;
}

function requireKey(row: ApiKeyRow | undefined, id: string): ApiKey {
  if (row === undefined) throw new NotFoundError(`There is no key ${id}.`);
  return toApiKey(row);
}
