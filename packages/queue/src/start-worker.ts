import { setTimeout as sleep } from 'node:timers/promises';
import type { IQueueBackend, JobProgress, Worker } from 'bullmq';
import type { ErrorReporter } from './report-errors.ts';
import type { JobOutcome } from './types.ts';

/** A BullMQ worker on either backend. */
export type WorkerHandle = Worker<unknown, JobOutcome, string, IQueueBackend, JobProgress, object>;

/** A worker on its way. */
export interface StartedWorker {
  /** Resolves when it fetches, or when it is closed before. */
  readonly ready: Promise<void>;
  /** Fetches no more; resolves when its jobs have ended and its connections are closed. */
  close(): Promise<void>;
  /** Drops the connections without asking the server. */
  disconnect(): Promise<void>;
}

const RESTART_PAUSE_MS = 500;

/**
 * Runs the worker that `open` gives, which must not run by itself. BullMQ on PostgreSQL remembers a failed first
 * connection for ever, so until the first one succeeds the worker is opened anew.
 */
export function startWorker(open: () => WorkerHandle, report: ErrorReporter): StartedWorker {
  const stop = new AbortController();
  let worker = open();
  const start = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await worker.waitUntilReady();
        if (!isAborted(stop.signal)) worker.run().catch(report);
        return;
      } catch (error) {
        report(error);
        await worker.close(true).catch(report);
        await sleep(RESTART_PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
        if (!isAborted(stop.signal)) worker = open();
      }
    }
  };
  return {
    ready: start(),
    close: async () => {
      stop.abort();
      await worker.close();
    },
    disconnect: () => worker.disconnect(),
  };
}

/** As a function, because the compiler takes a property that was false for false after an await, too. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
