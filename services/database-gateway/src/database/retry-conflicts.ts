import { setTimeout } from 'node:timers/promises';
import { errorCode } from '@aion/errors';
import { isError } from './database-error.ts';

/** What a transaction was given up for. Nothing is wrong: of several that meet, PostgreSQL lets one go on. */
export type Conflict = 'serialization' | 'deadlock';

/** By SQLSTATE. */
const CONFLICTS = new Map<string, Conflict>([
  ['40001', 'serialization'],
  ['40P01', 'deadlock'],
]);
const MAX_ATTEMPTS = 4;
const PAUSE_MS = 20;

/**
 * Runs a transaction again that was given up for the sake of another, at most three times. The pause grows, and is random
 * so that those which met once do not meet again.
 * @param run must do nothing that a rollback does not undo
 * @param onRetry is told before each further run
 */
export async function retryConflicts<T>(run: () => Promise<T>, onRetry: (conflict: Conflict) => void): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const conflict = conflictOf(error);
      if (attempt === MAX_ATTEMPTS || conflict === undefined) throw error;
      onRetry(conflict);
      await setTimeout(Math.random() * PAUSE_MS * 2 ** attempt);
    }
  }
}

/** The conflict that an error, or what caused it, tells of: on its way up it may have become a domain error. */
function conflictOf(thrown: unknown): Conflict | undefined {
  if (!isError(thrown)) return undefined;
  return CONFLICTS.get(errorCode(thrown) ?? '') ?? conflictOf(thrown.cause);
}
