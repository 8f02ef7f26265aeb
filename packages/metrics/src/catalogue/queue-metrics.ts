import { EXPORT_FAILURE_CODES, PARKED_REASONS } from '@aion/contracts';
import type { MetricDeclaration } from './metric-declaration.ts';

const JOB_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600] as const;
const EXPORT_OUTCOMES = ['ready', 'failed'] as const;
const emittedBy = ['data-export'] as const;
/** What a queue holds is shown by its producer alone: two exporters would count each job twice. */
const emittedByProducer = ['database-gateway'] as const;
const queue = { queue: 'queue' } as const;
const subject = 'queue' as const;

/** What is said of queues, of the outbox that feeds them, and of the exports that they carry. */
export const QUEUE_METRICS = {
  aion_queue_jobs: {
    type: 'gauge',
    help: 'Jobs in the queue by state.',
    unit: 'count',
    subject,
    labels: { ...queue, state: ['waiting', 'delayed', 'active', 'completed', 'failed'] },
    emittedBy: emittedByProducer,
  },
  aion_queue_oldest_job_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest job that waits; 0 when none does.',
    unit: 'seconds',
    subject,
    labels: queue,
    emittedBy: emittedByProducer,
  },
  aion_queue_job_wait_seconds: {
    type: 'histogram',
    help: 'Time from when a job could have started to when it did.',
    unit: 'seconds',
    subject,
    labels: queue,
    buckets: JOB_SECONDS,
    emittedBy,
  },
  aion_queue_job_duration_seconds: {
    type: 'histogram',
    help: 'Time that a worker spent on a job.',
    unit: 'seconds',
    subject,
    labels: { ...queue, outcome: ['done', 'skipped', 'retried_later', 'handed_back', 'discarded', 'failed'] },
    buckets: JOB_SECONDS,
    emittedBy,
  },
  aion_queue_jobs_stalled_total: {
    type: 'counter',
    help: 'Jobs that were taken over from a worker that had died.',
    unit: 'count',
    subject,
    labels: queue,
    emittedBy,
  },
  aion_queue_job_retries_total: {
    type: 'counter',
    help: 'Runs of jobs that were not the first.',
    unit: 'count',
    subject,
    labels: queue,
    emittedBy,
  },
  aion_queue_dead_letter_jobs: {
    type: 'gauge',
    help: 'Jobs that have failed for good and are kept to be looked at.',
    unit: 'count',
    subject,
    labels: queue,
    emittedBy: emittedByProducer,
  },
  aion_outbox_oldest_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest outbox row that is neither published nor parked; 0 when there is none.',
    unit: 'seconds',
    subject,
    labels: {},
    emittedBy: ['database-gateway'],
  },
  aion_outbox_parked_rows: {
    type: 'gauge',
    help: 'Outbox rows that the relay has given up, and which wait for an operator to release them, by reason.',
    unit: 'count',
    subject,
    labels: { reason: PARKED_REASONS },
    emittedBy: ['database-gateway'],
  },
  aion_exports_total: {
    type: 'counter',
    help: 'Exports that have ended, each counted once, where its end was committed.',
    unit: 'count',
    subject,
    labels: { outcome: EXPORT_OUTCOMES },
    emittedBy: ['database-gateway'],
  },
  aion_export_failures_total: {
    type: 'counter',
    help: 'Exports that have failed, by the code that their owner reads; `INVALID_RECIPIENT` is the mistake of the owner.',
    unit: 'count',
    subject,
    labels: { code: EXPORT_FAILURE_CODES },
    emittedBy: ['database-gateway'],
  },
  aion_export_rows_total: {
    type: 'counter',
    help: 'Rows written to bundles.',
    unit: 'count',
    subject,
    labels: {},
    emittedBy,
  },
  aion_export_bytes_total: {
    type: 'counter',
    help: 'Plain bytes written to bundles.',
    unit: 'bytes',
    subject,
    labels: {},
    emittedBy,
  },
  aion_export_duration_seconds: {
    type: 'histogram',
    help: 'Time from the request of an export to its end.',
    unit: 'seconds',
    subject,
    labels: { outcome: EXPORT_OUTCOMES },
    buckets: JOB_SECONDS,
    emittedBy: ['database-gateway'],
  },
} as const satisfies Record<string, MetricDeclaration>;
