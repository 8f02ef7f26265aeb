import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createJobQueue } from './create-job-queue.ts';
import { createJobWorker } from './create-job-worker.ts';
import { createErrorReporter } from './error-reporter.ts';
import type { ErrorReporter } from './error-reporter.ts';
import { openPostgresDriver } from './open-postgres-driver.ts';
import { openRedisDriver } from './open-redis-driver.ts';
import type { QueueDriver } from './queue-driver.ts';
import { createQueueHandles } from './queue-handles.ts';
import type { JobWorker, QueueBackend } from './types.ts';
import { withTimeout } from './with-timeout.ts';

/** Options of {@link createQueueBackend}. */
export interface CreateQueueBackendOptions {
  /** Redis >= 6.2; takes precedence over PostgreSQL. */
  readonly redisUrl?: string | undefined;
  /** Database for the queues alone (PostgreSQL >= 15), whose role may create a schema in it. */
  readonly postgresUrl?: string | undefined;
  readonly logger: Logger;
  /** Records the jobs that workers of this process run. */
  readonly metrics?: Metrics;
}

const PING_TIMEOUT_MS = 2_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** Queue without jobs, whose counts are read. */
const PING_QUEUE = 'readiness';

/**
 * Opens the queues on Redis when `redisUrl` is set, else on PostgreSQL, whose schema it migrates.
 *
 * @throws Error when neither URL is given, or when the backend is unreachable or cannot be prepared.
 */
export async function createQueueBackend(options: CreateQueueBackendOptions): Promise<QueueBackend> {
  const logger = options.logger.child('queue');
  const report = createErrorReporter(logger, {});
  const driver = await openDriver(options, report);
  const queues = createQueueHandles(driver, report);
  const workers: JobWorker[] = [];
  const closeAll = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.close()));
    await queues.close();
    await withTimeout(driver.close(), CLOSE_TIMEOUT_MS, `Closing the ${driver.kind} queue backend`).catch(report);
  };
  let closed: Promise<void> | undefined;
  return {
    kind: driver.kind,
    queue: (definition) => createJobQueue(definition, () => queues.get(definition.queue)),
    worker: (definition, handler, workerOptions = {}) => {
      const worker = createJobWorker({
        definition,
        handler,
        options: workerOptions,
        driver,
        logger,
        metrics: options.metrics,
      });
      workers.push(worker);
      return worker;
    },
    ping: async () => {
      const counts = queues.get(PING_QUEUE).getJobCounts('waiting');
      await withTimeout(counts, PING_TIMEOUT_MS, `Reading a queue of the ${driver.kind} queue backend`);
    },
    close: () => (closed ??= closeAll()),
  };
}

async function openDriver(options: CreateQueueBackendOptions, report: ErrorReporter): Promise<QueueDriver> {
  if (options.redisUrl !== undefined) return openRedisDriver(options.redisUrl, report);
  if (options.postgresUrl !== undefined) return openPostgresDriver(options.postgresUrl, report);
  throw new Error('The queues need a redisUrl or a postgresUrl. Set one of them.');
}
