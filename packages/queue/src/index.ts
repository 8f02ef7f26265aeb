export { createQueueBackend } from './create-queue-backend.ts';
export type { CreateQueueBackendOptions } from './create-queue-backend.ts';
export { createQueueConnector } from './create-queue-connector.ts';
export type { CreateQueueConnectorOptions, QueueConnector } from './create-queue-connector.ts';
export type { JobResult } from './job-result.ts';
export type {
  AddJobOptions,
  JobContext,
  JobCounts,
  JobDefinition,
  JobHandler,
  JobQueue,
  JobWorker,
  JobWorkerOptions,
  QueueBackend,
} from './types.ts';
