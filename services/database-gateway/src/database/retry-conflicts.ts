import { setTimeout } from 'node:timers/promises';
import { errorCode, isError } from './database-error.ts';

/** SQLSTATE of a serialisation failure and of a deadlock: PostgreSQL gave one of several transactions up, nothing is wrong. */
const CONFLICTS = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 4;
const PAUSE_MS = 20;

/**
 * Runs a transaction again that was given up for the sake of another, at most three times. The pause grows, and is random
 * so that those which met once do not meet again.
 * @param run must do nothing that a rollback does not undo
 */
export async function retryConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isConflict(error)) throw error;
      await setTimeout(Math.random() * PAUSE_MS * 2 ** attempt);
    }
  }
}

/** Whether an error, or what caused it, is a conflict: on its way up it may have become a domain error. */
function isConflict(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  return CONFLICTS.has(errorCode(thrown) ?? '') || isConflict(thrown.cause);
}
