import type { Database } from '../database/database.ts';

/** Deletes idempotency keys that have expired, and the answers stored with them. Returns their number. */
export async function deleteExpiredIdempotencyKeys(database: Database): Promise<number> {
  const [row] = await database.query<{ deleted: number }>({
    functionOf: 'idempotency_keys',
    text: 'SELECT delete_expired_idempotency_keys() AS deleted',
  });
  return row?.deleted ?? 0;
}
