import { runExportJob, type RunExportPayload } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createQueueConnector, type JobHandler, type JobWorkerOptions, type QueueConnector } from '@aion/queue';
import type { ExportService } from './export-service.ts';

/** Worker on the queue `exports`. */
export type ExportWorker = Pick<QueueConnector, 'start' | 'ping' | 'close'>;

/** Options of `createExportWorker`. */
export interface ExportWorkerOptions {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string | undefined;
  readonly service: ExportService;
  readonly worker: JobWorkerOptions;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Creates the worker. It fetches jobs as soon as its queue is open. */
export function createExportWorker(options: ExportWorkerOptions): ExportWorker {
  const { service, worker, ...connection } = options;
  return createQueueConnector({
    ...connection,
    onOpen: (backend) => {
      backend.worker(runExportJob, createRunExportHandler(service), worker);
    },
  });
}

/** Creates the handler of `run-export`. */
export function createRunExportHandler(service: ExportService): JobHandler<RunExportPayload> {
  return (payload, job) => service.run({ exportId: payload.export_id, tenantId: payload.tenant_id }, job.signal);
}
