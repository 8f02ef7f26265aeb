import { createPeriodicTask } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { JobCounts } from '@aion/queue';

/** State of a queue at one moment. */
export interface QueueReading {
  readonly queue: string;
  readonly counts: JobCounts;
  readonly oldestWaitingAgeMs: number;
}

/** Options of `createQueueGauges`. */
export interface QueueGaugesOptions {
  readonly read: () => Promise<readonly QueueReading[]>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Pause between two readings; default 5 000. */
  readonly pollMs?: number;
  /** Maximum age of a reading that is still exposed; default 30 000. */
  readonly maxAgeMs?: number;
}

/** Gauges of the state of the queues. Only the producer exposes them: a sum over processes would count each job twice. */
export interface QueueGauges {
  start(): void;
  /** Waits for the reading in progress. */
  stop(): Promise<void>;
}

/** States by which jobs are counted. */
const STATES = ['waiting', 'delayed', 'active', 'completed', 'failed'] as const satisfies readonly (keyof JobCounts)[];

/**
 * Creates the gauges. The queues are read in the background, so that a scrape neither waits for them nor fails with them;
 * when they do not answer for `maxAgeMs` the series are removed, and alerts detect their absence.
 */
export function createQueueGauges(options: QueueGaugesOptions): QueueGauges {
  const { metrics, logger, pollMs = 5_000, maxAgeMs = 30_000 } = options;
  let latest: { readonly readings: readonly QueueReading[]; readonly readAt: number } | undefined;
  let isUnavailable = false;
  let isStopped = false;
  const task = createPeriodicTask({
    run: async () => {
      latest = { readings: await options.read(), readAt: performance.now() };
      isUnavailable = false;
    },
    intervalMs: pollMs,
    onError: (error) => {
      if (!isUnavailable && !isStopped)
        logger.warn('Queues could not be read, their gauges are not exposed until they can', { error });
      isUnavailable = true;
    },
  });
  metrics.onCollect(() => {
    if (latest === undefined) return;
    if (performance.now() - latest.readAt <= maxAgeMs)
      for (const reading of latest.readings) setGauges(metrics, reading);
    else for (const reading of latest.readings) removeGauges(metrics, reading);
  }, 'queue');
  return {
    start: () => {
      if (metrics.subjects.has('queue')) task.start();
    },
    stop: async () => {
      isStopped = true;
      await task.stop();
    },
  };
}

function setGauges(metrics: Metrics, { queue, counts, oldestWaitingAgeMs }: QueueReading): void {
  for (const state of STATES) metrics.gauge('aion_queue_jobs').set({ queue, state }, counts[state]);
  metrics.gauge('aion_queue_dead_letter_jobs').set({ queue }, counts.failed);
  metrics.gauge('aion_queue_oldest_job_age_seconds').set({ queue }, oldestWaitingAgeMs / 1_000);
}

function removeGauges(metrics: Metrics, { queue }: QueueReading): void {
  for (const state of STATES) metrics.gauge('aion_queue_jobs').remove({ queue, state });
  metrics.gauge('aion_queue_dead_letter_jobs').remove({ queue });
  metrics.gauge('aion_queue_oldest_job_age_seconds').remove({ queue });
}
