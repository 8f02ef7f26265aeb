import type { Logger } from '@aion/logging';

/** Logs errors of a connection that may fail many times a second: at most one record per interval, with a count of the rest. */
export type ErrorReporter = (error: unknown) => void;

const INTERVAL_MS = 10_000;

/** @param now in milliseconds; a parameter for tests */
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
    logger.warn('The queue backend reports an error; work goes on when it answers again.', {
      ...fields,
      suppressed,
      error,
    });
    nextAtMs = now() + INTERVAL_MS;
    suppressed = 0;
  };
}
