import type { internalRoutes, BodyOf } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import { v7 as uuidv7 } from 'uuid';
import type { Database, TenantTransaction } from '../database/database.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../database/database-error.ts';

/** A stray object that the caller must delete. */
export interface ClaimedObject {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly object_key: string;
  readonly due_at: Date;
}

type OfTenant<T> = T & { readonly tenant_id: string };

/** Store of objects that no row refers to. */
export interface StrayObjectStore {
  /**
   * Records an object before its upload, to be deleted unless a file adopts it in time.
   * @throws NotFoundError for a tenant or project that does not exist; ConflictError for an object that was announced before
   */
  announce(object: OfTenant<BodyOf<typeof internalRoutes.strayObjects.announce>>): Promise<void>;
  /** Makes an announced object due immediately. */
  abandon(object: OfTenant<BodyOf<typeof internalRoutes.strayObjects.abandon>>): Promise<void>;
  /** Claims up to `limit` due objects of all tenants; they are due again after a minute unless they are settled. */
  claim(limit: number): Promise<readonly ClaimedObject[]>;
  /** Removes the rows of deleted objects. */
  settle(ids: readonly string[]): Promise<void>;
}

/** Creates the store. */
export function createStrayObjectStore(database: Database): StrayObjectStore {
  return {
    announce: ({ tenant_id: tenantId, ...object }) =>
      database.withTenant(tenantId, async (transaction) => {
        if (object.project_id !== null) await requireProject(transaction, object.project_id);
        try {
          await insertStrayObject(transaction, object.object_key, object.remove_after_ms);
        } catch (error) {
          if (isUniqueViolation(error)) throw new ConflictError('The object was announced before.', { cause: error });
          if (!isForeignKeyViolation(error)) throw error;
          throw new NotFoundError(`There is no tenant ${tenantId}.`, { cause: error, param: 'tenant_id' });
        }
      }),
    abandon: ({ tenant_id: tenantId, object_key: objectKey }) =>
      database.withTenant(tenantId, async (transaction) => {
        await transaction.query({
          table: 'stray_objects',
          text: 'UPDATE stray_objects SET due_at = now() WHERE tenant_id = $1 AND object_key = $2 AND claimed_at IS NULL',
          values: [tenantId, objectKey],
        });
      }),
    claim: (limit) =>
      database.query<ClaimedObject>({
        functionOf: 'stray_objects',
        text: `SELECT * FROM claim_stray_objects($1, interval '1 minute')`,
        values: [limit],
      }),
    settle: async (ids) => {
      await database.query({
        functionOf: 'stray_objects',
        text: 'SELECT settle_stray_objects($1)',
        values: [ids],
      });
    },
  };
}

/** Records an object that is due for deletion after a time, unless a file adopts it. */
export async function insertStrayObject(
  transaction: TenantTransaction,
  objectKey: string,
  removeAfterMs: number,
): Promise<void> {
  await transaction.query({
    table: 'stray_objects',
    text: `
      INSERT INTO stray_objects (id, tenant_id, object_key, due_at)
      VALUES ($1, $2, $3, now() + $4 * interval '1 ms')`,
    values: [uuidv7(), transaction.tenantId, objectKey, removeAfterMs],
  });
}

/**
 * Deletes the row of an announced object, which belongs to a file from now on.
 * @throws ConflictError when it was not announced, or may have been deleted since
 */
export async function adoptStrayObject(transaction: TenantTransaction, objectKey: string): Promise<void> {
  const rows = await transaction.query<{ id: string }>({
    table: 'stray_objects',
    text: 'DELETE FROM stray_objects WHERE tenant_id = $1 AND object_key = $2 AND claimed_at IS NULL RETURNING id',
    values: [transaction.tenantId, objectKey],
  });
  if (rows.length > 0) return;
  throw new ConflictError('The upload took too long, and its bytes were removed: upload the file again.');
}

async function requireProject(transaction: TenantTransaction, projectId: string): Promise<void> {
  const rows = await transaction.query({
    table: 'projects',
    text: 'SELECT 1 FROM projects WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, projectId],
  });
  if (rows.length === 0) throw new NotFoundError(`There is no project ${projectId}.`, { param: 'project_id' });
}
