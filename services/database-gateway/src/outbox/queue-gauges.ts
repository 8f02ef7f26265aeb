import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { JobCounts } from '@aion/queue';
import { repeat } from '../repeat.ts';

/** What a queue holds at one moment. */
export interface QueueReading {
  readonly queue: string;
  readonly counts: JobCounts;
  readonly oldestWaitingAgeMs: number;
}

/** What the gauges of queues need. */
export interface QueueGaugesOptions {
  readonly read: () => Promise<readonly QueueReading[]>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Pause between two readings; default 5 000. */
  readonly pollMs?: number;
  /** How old a reading may be that is still shown; default 30 000. */
  readonly maxAgeMs?: number;
}

/** The state of the queues as gauges. The producer shows it, and no other process: a sum would count each job twice. */
export interface QueueGauges {
  start(): void;
  /** Waits for a reading that is in progress. */
  stop(): Promise<void>;
}

/** The states under which jobs are counted. */
const STATES = ['waiting', 'delayed', 'active', 'completed', 'failed'] as const satisfies readonly (keyof JobCounts)[];

/**
 * Creates the gauges. The queues are read in the background, so a scrape neither waits for them nor fails with them; when
 * they do not answer for `maxAgeMs` the series are gone, and alerts see that they are absent.
 */
export function createQueueGauges(options: QueueGaugesOptions): QueueGauges {
  const { metrics, logger, pollMs = 5_000, maxAgeMs = 30_000 } = options;
  let latest: { readonly readings: readonly QueueReading[]; readonly readAt: number } | undefined;
  let isAway = false;
  let isStopped = false;
  const repetition = repeat({
    run: async () => {
      latest = { readings: await options.read(), readAt: performance.now() };
      isAway = false;
    },
    pauseMs: pollMs,
    onError: (error) => {
      if (!isAway && !isStopped)
        logger.warn('The queues cannot be read; their gauges are not shown for now', { error });
      isAway = true;
    },
  });
  metrics.onCollect(() => {
    if (latest === undefined) return;
    if (performance.now() - latest.readAt <= maxAgeMs) for (const reading of latest.readings) show(metrics, reading);
    else for (const reading of latest.readings) hide(metrics, reading);
  }, 'queue');
  return {
    start: () => {
      if (metrics.subjects.has('queue')) repetition.start();
    },
    stop: async () => {
      isStopped = true;
      await repetition.stop();
    },
  };
}

function show(metrics: Metrics, { queue, counts, oldestWaitingAgeMs }: QueueReading): void {
  for (const state of STATES) metrics.gauge('aion_queue_jobs').set({ queue, state }, counts[state]);
  metrics.gauge('aion_queue_dead_letter_jobs').set({ queue }, counts.failed);
  metrics.gauge('aion_queue_oldest_job_age_seconds').set({ queue }, oldestWaitingAgeMs / 1_000);
}

function hide(metrics: Metrics, { queue }: QueueReading): void {
  for (const state of STATES) metrics.gauge('aion_queue_jobs').remove({ queue, state });
  metrics.gauge('aion_queue_dead_letter_jobs').remove({ queue });
  metrics.gauge('aion_queue_oldest_job_age_seconds').remove({ queue });
}
