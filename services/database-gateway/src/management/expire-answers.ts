import type { Database } from '../database/database.ts';

/** Forgets idempotency keys, and the answers that were given to them, when their day is over. Gives how many. */
export async function expireAnswers(database: Database): Promise<number> {
  const [row] = await database.query<{ deleted: number }>({
    operation: 'CALL',
    table: 'idempotency_keys',
    text: 'SELECT delete_expired_idempotency_keys() AS deleted',
  });
  return row?.deleted ?? 0;
}
