import { setTimeout as sleep } from 'node:timers/promises';
import type { PromptWorker } from './prompt-worker.ts';
import type { ErrorReporter } from './report-errors.ts';

/** A worker on its way. */
export interface StartedWorker {
  /** Resolves when it fetches, or when it is closed before. */
  readonly ready: Promise<void>;
  /** Fetches no more; resolves when its jobs have ended and its connections are closed. */
  close(): Promise<void>;
  /** After a close that hangs: stops all timers and drops the connections without asking the server. */
  abandon(): Promise<void>;
}

const RESTART_PAUSE_MS = 500;

/**
 * Runs the worker that `open` gives, which must not run by itself. BullMQ on PostgreSQL remembers a failed first
 * connection for ever, so until the first one succeeds the worker is opened anew.
 */
export function startWorker(open: () => PromptWorker, report: ErrorReporter): StartedWorker {
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
    abandon: () => worker.abandon(),
  };
}

/** As a function, because the compiler takes a property that was false for false after an await, too. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
