import type { Metrics } from '@aion/metrics';
import type { JobOutcome } from './types.ts';

/** How a run of a job ends. */
export type Ending = JobOutcome | 'retried_later' | 'handed_back' | 'discarded' | 'failed';

const ENDINGS: readonly Ending[] = ['done', 'skipped', 'retried_later', 'handed_back', 'discarded', 'failed'];

/** What telemetry sees of the jobs of one worker. */
export interface JobMetrics {
  /** A job begins for the first time, after it was due for so long. */
  waited(seconds: number): void;
  ended(ending: Ending, seconds: number): void;
  /** A run begins that is not the job's first, whatever became of the others. */
  rerun(): void;
  /** A job was taken from a worker that has died. */
  stalled(): void;
}

/** Creates the metrics of a queue's jobs, with every series at zero; they do nothing without `metrics`. */
export function createJobMetrics(metrics: Metrics | undefined, queue: string): JobMetrics {
  const waits = metrics?.histogram('aion_queue_job_wait_seconds');
  const durations = metrics?.histogram('aion_queue_job_duration_seconds');
  const retries = metrics?.counter('aion_queue_job_retries_total');
  const stalls = metrics?.counter('aion_queue_jobs_stalled_total');
  waits?.zero({ queue });
  for (const outcome of ENDINGS) durations?.zero({ queue, outcome });
  retries?.inc({ queue }, 0);
  stalls?.inc({ queue }, 0);
  return {
    waited: (seconds) => waits?.observe({ queue }, seconds),
    ended: (outcome, seconds) => durations?.observe({ queue, outcome }, seconds),
    rerun: () => retries?.inc({ queue }),
    stalled: () => stalls?.inc({ queue }),
  };
}
