import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createErrorReporter } from './error-reporter.ts';
import { FastReconnectWorker, RECONNECT_PAUSE_MS } from './fast-reconnect-worker.ts';
import { createJobMetrics } from './job-metrics.ts';
import type { QueueDriver } from './queue-driver.ts';
import { runJob } from './run-job.ts';
import { createRunningJobs } from './running-jobs.ts';
import { startWorker } from './start-worker.ts';
import type { JobDefinition, JobHandler, JobWorker, JobWorkerOptions } from './types.ts';
import { withTimeout } from './with-timeout.ts';

/** Options of {@link createJobWorker}. */
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
/** Limit for the last commands of a close, after all jobs have ended. */
const CLOSE_TIMEOUT_MS = 3_000;
const ABANDON_TIMEOUT_MS = 1_000;

/** Creates a worker and starts it. */
export function createJobWorker<TPayload>(deps: CreateJobWorkerOptions<TPayload>): JobWorker {
  const { definition, options, logger } = deps;
  const { graceMs = DEFAULT_GRACE_MS, abortGraceMs = DEFAULT_ABORT_GRACE_MS } = options;
  const report = createErrorReporter(logger, { queue: definition.queue });
  const running = createRunningJobs();
  const metrics = createJobMetrics(deps.metrics, definition.queue);
  const jobDeps = { ...deps, metrics };
  const open = (): FastReconnectWorker => {
    const worker = new FastReconnectWorker(
      definition.queue,
      (job, token) => running.track(job.id ?? '', (control) => runJob(jobDeps, { ...control, job, token })),
      toBullOptions(options),
      deps.driver.workerFactory,
    );
    worker.on('error', report);
    worker.on('stalled', (jobId) => {
      metrics.stalled();
      logger.warn('Job taken over from a dead worker', { jobId });
    });
    worker.on('lockRenewalFailed', (jobIds) => running.lose(jobIds));
    return worker;
  };
  const started = startWorker(open, report);
  const close = async (): Promise<void> => {
    const operation = `Closing the worker of the queue ${definition.queue}`;
    const ended = started.close();
    await running.close(graceMs, abortGraceMs);
    // BullMQ waits indefinitely for an unreachable server. Other workers take over its jobs when their locks expire.
    await withTimeout(ended, CLOSE_TIMEOUT_MS, operation).catch(async (error: unknown) => {
      report(error);
      await withTimeout(started.abandon(), ABANDON_TIMEOUT_MS, operation).catch(report);
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
    runRetryDelay: RECONNECT_PAUSE_MS,
  };
}
