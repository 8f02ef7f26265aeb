import { errorCode } from '@aion/errors';

/** Returns why `fetch` failed. The message of its own error never contains the reason; that of the cause does. */
export function fetchErrorReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (errorCode(cause) ?? cause.name);
}
