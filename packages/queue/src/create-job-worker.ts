import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createJobMetrics } from './job-metrics.ts';
import type { QueueDriver } from './queue-driver.ts';
import { createErrorReporter } from './report-errors.ts';
import { runJob } from './run-job.ts';
import { createRunningJobs } from './running-jobs.ts';
import type { JobDefinition, JobHandler, JobWorker, JobWorkerOptions } from './types.ts';
import { PromptWorker, RETRY_PAUSE_MS } from './prompt-worker.ts';
import { startWorker } from './start-worker.ts';
import { withTimeout } from './with-timeout.ts';

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
/** For the last commands of a close, when all jobs have ended. */
const CLOSE_TIMEOUT_MS = 3_000;
const ABANDON_TIMEOUT_MS = 1_000;

/** Creates a worker that is at work at once. */
export function createJobWorker<TPayload>(deps: CreateJobWorkerOptions<TPayload>): JobWorker {
  const { definition, options, logger } = deps;
  const { graceMs = DEFAULT_GRACE_MS, abortGraceMs = DEFAULT_ABORT_GRACE_MS } = options;
  const report = createErrorReporter(logger, { queue: definition.queue });
  const running = createRunningJobs();
  const metrics = createJobMetrics(deps.metrics, definition.queue);
  const jobDeps = { ...deps, metrics };
  const open = (): PromptWorker => {
    const worker = new PromptWorker(
      definition.queue,
      (job, token) => running.track(job.id ?? '', (control) => runJob(jobDeps, { ...control, job, token })),
      toBullOptions(options),
      deps.driver.workerFactory,
    );
    worker.on('error', report);
    worker.on('stalled', (jobId) => {
      metrics.stalled();
      logger.warn('A job was taken over from a worker that has died.', { jobId });
    });
    worker.on('lockRenewalFailed', (jobIds) => running.lose(jobIds));
    return worker;
  };
  const started = startWorker(open, report);
  const close = async (): Promise<void> => {
    const what = `the worker for ${definition.queue}, closing,`;
    const ended = started.close();
    await running.close(graceMs, abortGraceMs);
    // BullMQ waits for ever for a server that is away. Its jobs are taken up by others when their locks run out.
    await withTimeout(ended, CLOSE_TIMEOUT_MS, what).catch(async (error: unknown) => {
      report(error);
      await withTimeout(started.abandon(), ABANDON_TIMEOUT_MS, what).catch(report);
    });
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
