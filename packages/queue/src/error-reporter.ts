import type { Logger } from '@aion/logging';

/** Logs an error of a connection that may fail many times a second. */
export type ErrorReporter = (error: unknown) => void;

const INTERVAL_MS = 10_000;

/**
 * Creates a reporter that logs at most one error in ten seconds, with the number of those suppressed before it.
 *
 * @param now current time in milliseconds; replaced in tests
 */
export function createErrorReporter(
  logger: Logger,
  fields: Readonly<Record<string, string>>,
  now: () => number = Date.now,
): ErrorReporter {
  let nextAtMs = -Infinity;
  let suppressed = 0;
  return (error) => {
    if (now() < nextAtMs) {
      suppressed++;
      return;
    }
    logger.warn('Queue backend failed, work resumes when it is reachable again', {
      ...fields,
      suppressed,
      error,
    });
    nextAtMs = now() + INTERVAL_MS;
    suppressed = 0;
  };
}
