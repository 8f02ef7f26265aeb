import { errorCode } from '@aion/errors';

/** A newer epoch holds the export: whatever this run still does is void. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/** Whether the gateway says that this run's epoch is not the export's any more, or that the export is gone. */
export function isSuperseded(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return thrown instanceof SupersededError || code === 'CONFLICT' || code === 'NOT_FOUND';
}

/** Whether a call may have failed for want of an answer: what it was to do may have been done. */
export function isUnanswered(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED' || code === 'INTERNAL';
}
