import { setTimeout } from 'node:timers/promises';
import { errorCode } from '@aion/errors';
import { isError } from './database-error.ts';

/** Conflict for which PostgreSQL aborted a transaction: of several conflicting ones, it lets one continue. */
export type Conflict = 'serialization' | 'deadlock';

/** Conflicts by SQLSTATE. */
const CONFLICTS = new Map<string, Conflict>([
  ['40001', 'serialization'],
  ['40P01', 'deadlock'],
]);
const MAX_ATTEMPTS = 4;
const PAUSE_MS = 20;

/**
 * Retries a transaction after a conflict, at most three times. The pause grows, and is random so that the same
 * transactions do not conflict again.
 * @param run must do nothing that a rollback does not undo
 * @param onRetry is called before each further run
 */
export async function retryConflicts<T>(run: () => Promise<T>, onRetry: (conflict: Conflict) => void): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const conflict = findConflict(error);
      if (attempt === MAX_ATTEMPTS || conflict === undefined) throw error;
      onRetry(conflict);
      await setTimeout(Math.random() * PAUSE_MS * 2 ** attempt);
    }
  }
}

/** Returns the conflict that an error or one of its causes reports: it may have been mapped to a domain error. */
function findConflict(thrown: unknown): Conflict | undefined {
  if (!isError(thrown)) return undefined;
  return CONFLICTS.get(errorCode(thrown) ?? '') ?? findConflict(thrown.cause);
}
