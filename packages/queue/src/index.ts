export { createQueueBackend } from './create-queue-backend.ts';
export type { CreateQueueBackendOptions } from './create-queue-backend.ts';
export { DiscardJobError, RetryJobLaterError } from './job-errors.ts';
export type {
  AddJobOptions,
  JobContext,
  JobCounts,
  JobDefinition,
  JobHandler,
  JobOutcome,
  JobQueue,
  JobWorker,
  JobWorkerOptions,
  QueueBackend,
} from './types.ts';
