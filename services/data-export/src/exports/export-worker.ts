import { setTimeout as sleep } from 'node:timers/promises';
import { runExportJob, type RunExportPayload } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createQueueBackend, type JobHandler, type JobWorkerOptions, type QueueBackend } from '@aion/queue';

/** The worker on the queue `exports`. */
export interface ExportWorker {
  /** Begins to open the queue, and keeps trying; then works. */
  start(): void;
  /** Throws unless an operation on the queue succeeds. */
  ping(): Promise<void>;
  /** Takes no more jobs, ends or hands back the running ones, closes the queue. Bounded in time. */
  close(): Promise<void>;
}

/** What the worker runs and where. */
export interface ExportWorkerOptions {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string | undefined;
  readonly handler: JobHandler<RunExportPayload>;
  readonly worker: JobWorkerOptions;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const RETRY_MS = 1_000;

/** Creates the worker. Services start in any order: it waits for its queue. */
export function createExportWorker(options: ExportWorkerOptions): ExportWorker {
  const { logger, redisUrl, postgresUrl, metrics } = options;
  const stopping = new AbortController();
  let backend: QueueBackend | undefined;
  let opening: Promise<void> = Promise.resolve();

  const open = async (): Promise<void> => {
    let hasFailed = false;
    while (!stopping.signal.aborted && backend === undefined) {
      try {
        backend = await createQueueBackend({ redisUrl, postgresUrl, logger, metrics });
        if (hasFailed) logger.info('The queue is there now');
      } catch (error) {
        if (!hasFailed) logger.warn('The queue is not there yet: waiting for it', { error });
        hasFailed = true;
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined); // The loop looks.
      }
    }
    if (!stopping.signal.aborted) backend?.worker(runExportJob, options.handler, options.worker);
  };

  return {
    start: () => {
      opening = open();
    },
    ping: async () => {
      if (backend === undefined) throw new UnavailableError('The queue is not open yet.', { retryAfterSeconds: 1 });
      await backend.ping();
    },
    close: async () => {
      stopping.abort();
      await opening;
      await backend?.close();
    },
  };
}
