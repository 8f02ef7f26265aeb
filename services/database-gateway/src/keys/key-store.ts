import type { ApiKey, storeApiKey, storeTenant, Tenant } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { z } from 'zod';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database } from '../database/database.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../database/database-error.ts';
import { toApiKey, type ApiKeyRow } from './api-key-row.ts';

type NewTenant = z.output<NonNullable<typeof storeTenant.body>>;
type NewApiKey = z.output<NonNullable<typeof storeApiKey.body>>;

/** A key with the keyed hash of its secret. */
export type StoredApiKey = ApiKey & { readonly key_hash: string };

/** Tenants and their keys. */
export interface KeyStore {
  /** @throws ConflictError when the id is taken */
  storeTenant(tenant: NewTenant): Promise<Tenant>;
  /** @throws NotFoundError for an unknown tenant; ConflictError when the id or the prefix is taken */
  storeApiKey(key: NewApiKey): Promise<ApiKey>;
  /** Whatever its state. @throws NotFoundError */
  findApiKey(prefix: string): Promise<StoredApiKey>;
}

/** Creates the store. */
export function createKeyStore(database: Database): KeyStore {
  return {
    storeTenant: (tenant) => insertTenant(database, tenant),
    storeApiKey: (key) => insertApiKey(database, key),
    findApiKey: async (prefix) => {
      const [row] = await database.query<ApiKeyRow>({
        operation: 'CALL',
        table: 'api_keys',
        text: 'SELECT * FROM find_api_key($1)',
        values: [prefix],
      });
      if (row === undefined) throw new NotFoundError('There is no key with this prefix.');
      return { ...toApiKey(row), key_hash: row.key_hash };
    },
  };
}

async function insertTenant(database: Database, tenant: NewTenant): Promise<Tenant> {
  try {
    return await database.withTenant(tenant.id, async (transaction) => {
      const [row] = await transaction.query<{ created_at: Date }>({
        operation: 'INSERT',
        table: 'tenants',
        text: 'INSERT INTO tenants (id, name) VALUES ($1, $2) RETURNING created_at',
        values: [tenant.id, tenant.name],
      });
      if (row === undefined) throw new Error('INSERT gave no row');
      await recordAuditEvent(transaction, {
        actor: 'operator',
        action: 'tenant.created',
        targetType: 'tenant',
        targetId: tenant.id,
      });
      return { ...tenant, created_at: row.created_at.toISOString() };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new ConflictError(`The tenant id ${tenant.id} is taken.`, { cause: error, param: 'id' });
  }
}

async function insertApiKey(database: Database, key: NewApiKey): Promise<ApiKey> {
  try {
    return await database.withTenant(key.tenant_id, async (transaction) => {
      const [row] = await transaction.query<ApiKeyRow>({
        operation: 'INSERT',
        table: 'api_keys',
        text: `
          INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, scopes, expires_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
        values: [key.id, transaction.tenantId, key.name, key.prefix, key.key_hash, key.scopes, key.expires_at],
      });
      if (row === undefined) throw new Error('INSERT gave no row');
      await recordAuditEvent(transaction, {
        actor: key.actor ?? 'operator',
        action: 'api_key.created',
        targetType: 'api_key',
        targetId: key.id,
      });
      return toApiKey(row);
    });
  } catch (error) {
    if (isForeignKeyViolation(error)) {
      throw new NotFoundError(`There is no tenant ${key.tenant_id}.`, { cause: error, param: 'tenant_id' });
    }
    if (!isUniqueViolation(error)) throw error;
    const isPrefix = isUniqueViolation(error, 'api_keys_prefix_unique');
    throw new ConflictError(isPrefix ? 'The prefix of the key is taken.' : `The key id ${key.id} is taken.`, {
      cause: error,
      param: isPrefix ? 'prefix' : 'id',
    });
  }
}
