import { runExportJob, type RunExportPayload } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createQueueConnector, type JobHandler, type JobWorkerOptions, type QueueConnector } from '@aion/queue';

/** Worker on the queue `exports`. */
export type ExportWorker = Pick<QueueConnector, 'start' | 'ping' | 'close'>;

/** Options of `createExportWorker`. */
export interface ExportWorkerOptions {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string | undefined;
  readonly handler: JobHandler<RunExportPayload>;
  readonly worker: JobWorkerOptions;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Creates the worker. It starts to fetch jobs when its queue is open. */
export function createExportWorker(options: ExportWorkerOptions): ExportWorker {
  const { handler, worker, ...connection } = options;
  return createQueueConnector({
    ...connection,
    onOpen: (backend) => {
      backend.worker(runExportJob, handler, worker);
    },
  });
}
