import type { ErrorReporter } from './error-reporter.ts';
import type { FastReconnectWorker } from './fast-reconnect-worker.ts';
import { retryUntilAborted } from './retry-until-aborted.ts';

/** Worker that is starting or running. */
export interface StartedWorker {
  /** Resolves when the worker fetches jobs, or when it is closed before. */
  readonly ready: Promise<void>;
  /** Stops fetching; resolves when running jobs have ended and the connections are closed. */
  close(): Promise<void>;
  /** Stops all timers and drops the connections without notifying the server, after a close that hangs. */
  abandon(): Promise<void>;
}

const RESTART_PAUSE_MS = 500;

/**
 * Starts the worker that `open` returns, which must not run yet. BullMQ on PostgreSQL never retries a failed first
 * connection, so the worker is replaced until the first connection succeeds.
 */
export function startWorker(open: () => FastReconnectWorker, report: ErrorReporter): StartedWorker {
  const stopping = new AbortController();
  let worker = open();
  let isDiscarded = false;
  const runOnceReady = async (): Promise<void> => {
    if (isDiscarded) worker = open();
    isDiscarded = false;
    await worker.waitUntilReady();
    if (!stopping.signal.aborted) worker.run().catch(report);
  };
  const discard = async (error: unknown): Promise<void> => {
    report(error);
    isDiscarded = true;
    await worker.close(true).catch(report);
  };
  return {
    ready: retryUntilAborted(runOnceReady, { pauseMs: RESTART_PAUSE_MS, signal: stopping.signal, onError: discard }),
    close: async () => {
      stopping.abort();
      await worker.close();
    },
    abandon: () => worker.abandon(),
  };
}
