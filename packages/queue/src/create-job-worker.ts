import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { withBackend } from 'bullmq';
import type { QueueDriver } from './queue-driver.ts';
import { createErrorReporter } from './report-errors.ts';
import { runJob } from './run-job.ts';
import { createRunningJobs } from './running-jobs.ts';
import type { JobDefinition, JobHandler, JobOutcome, JobWorker, JobWorkerOptions } from './types.ts';
import { withTimeout } from './with-timeout.ts';
import { startWorker } from './start-worker.ts';
import type { WorkerHandle } from './start-worker.ts';

/** What {@link createJobWorker} needs. */
export interface CreateJobWorkerOptions<TPayload> {
  readonly definition: JobDefinition<TPayload>;
  readonly handler: JobHandler<TPayload>;
  readonly options: JobWorkerOptions;
  readonly driver: QueueDriver;
  readonly logger: Logger;
  readonly metrics: Metrics | undefined;
}

const DEFAULT_GRACE_MS = 20_000;
const DEFAULT_ABORT_GRACE_MS = 5_000;
/** For the last commands of a close, when all jobs have ended; the backend may be away. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Pause of BullMQ after a refused connection; its default of 15 s makes a short outage long. */
const RETRY_PAUSE_MS = 1_000;

/** Creates a worker that is at work at once. */
export function createJobWorker<TPayload>(deps: CreateJobWorkerOptions<TPayload>): JobWorker {
  const { definition, options, logger } = deps;
  const { graceMs = DEFAULT_GRACE_MS, abortGraceMs = DEFAULT_ABORT_GRACE_MS } = options;
  const report = createErrorReporter(logger, { queue: definition.queue });
  const running = createRunningJobs();
  const { Worker } = withBackend(deps.driver.workerFactory);
  const open = (): WorkerHandle => {
    const worker = new Worker<unknown, JobOutcome>(
      definition.queue,
      (job, token) => running.track(job.id ?? '', (control) => runJob(deps, { ...control, job, token })),
      toBullOptions(options),
    );
    worker.on('error', report);
    worker.on('stalled', (jobId) => logger.warn('A job was taken over from a worker that has died.', { jobId }));
    worker.on('lockRenewalFailed', (jobIds) => running.lose(jobIds));
    return worker;
  };
  const started = startWorker(open, report);
  const close = async (): Promise<void> => {
    running.close(graceMs, abortGraceMs);
    const timeoutMs = graceMs + abortGraceMs + CLOSE_TIMEOUT_MS;
    try {
      await withTimeout(started.close(), timeoutMs, `the close of the worker for ${definition.queue}`);
    } catch (error) {
      report(error);
      await started.disconnect();
    } finally {
      running.stop();
    }
  };
  let closed: Promise<void> | undefined;
  return { ready: () => started.ready, close: () => (closed ??= close()) };
}

function toBullOptions(options: JobWorkerOptions) {
  return {
    connection: {},
    autorun: false,
    concurrency: options.concurrency ?? 1,
    lockDuration: options.lockDurationMs ?? 30_000,
    stalledInterval: options.stalledIntervalMs ?? 30_000,
    maxStalledCount: options.maxStalledCount ?? 10,
    runRetryDelay: RETRY_PAUSE_MS,
  };
}
