import type { Metrics } from '@aion/metrics';
import type { JobResult } from './job-result.ts';

/** Values of the label and span attribute `outcome`. Dashboards and alerts refer to them, so they never change. */
export type OutcomeLabel = (typeof OUTCOME_LABELS)[number];

/** Metrics of the jobs of one worker. */
export interface JobMetrics {
  /** Observes the time from when a job was due until its first run started. */
  waited(seconds: number): void;
  /** Observes the duration of a run. */
  ended(outcome: OutcomeLabel, seconds: number): void;
  /** Counts a run that is not the job's first. */
  rerun(): void;
  /** Counts a job that was taken over from a dead worker. */
  stalled(): void;
}

const OUTCOME_LABELS = ['done', 'skipped', 'retried_later', 'handed_back', 'discarded', 'failed'] as const;

/** Creates the metrics of a queue's jobs, with every series at zero; does nothing without `metrics`. */
export function createJobMetrics(metrics: Metrics | undefined, queue: string): JobMetrics {
  const waits = metrics?.histogram('aion_queue_job_wait_seconds');
  const durations = metrics?.histogram('aion_queue_job_duration_seconds');
  const retries = metrics?.counter('aion_queue_job_retries_total');
  const stalls = metrics?.counter('aion_queue_jobs_stalled_total');
  waits?.zero({ queue });
  for (const outcome of OUTCOME_LABELS) durations?.zero({ queue, outcome });
  retries?.inc({ queue }, 0);
  stalls?.inc({ queue }, 0);
  return {
    waited: (seconds) => waits?.observe({ queue }, seconds),
    ended: (outcome, seconds) => durations?.observe({ queue, outcome }, seconds),
    rerun: () => retries?.inc({ queue }),
    stalled: () => stalls?.inc({ queue }),
  };
}

/** Maps a result to its label. `failed`, the label, is a run whose handler threw. */
export function toOutcomeLabel(result: JobResult): OutcomeLabel {
  switch (result.status) {
    case 'completed':
      return result.skipped === true ? 'skipped' : 'done';
    case 'retry':
      return 'retried_later';
    case 'released':
      return 'handed_back';
    case 'failed':
      return 'discarded';
  }
}
