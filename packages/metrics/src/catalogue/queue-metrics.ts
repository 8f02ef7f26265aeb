import { EXPORT_FAILURE_CODES, PARKED_REASONS } from '@aion/contracts';
import type { MetricDeclaration } from './metric-declaration.ts';

const JOB_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600] as const;
const EXPORT_OUTCOMES = ['ready', 'failed'] as const;
const emittedBy = ['data-export'] as const;
/** Only the producer reports the jobs in a queue: two reporting services would count each job twice. */
const emittedByProducer = ['database-gateway'] as const;
const queue = { queue: 'queue' } as const;
const subject = 'queue' as const;

/** Metrics of queues, of the outbox that feeds them, and of exports. */
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
    help: 'Age of the oldest waiting job; 0 without one.',
    unit: 'seconds',
    subject,
    labels: queue,
    emittedBy: emittedByProducer,
  },
  aion_queue_job_wait_seconds: {
    type: 'histogram',
    help: 'Time from when a job could start to when it started.',
    unit: 'seconds',
    subject,
    labels: queue,
    buckets: JOB_SECONDS,
    emittedBy,
  },
  aion_queue_job_duration_seconds: {
    type: 'histogram',
    help: 'Time that a worker spent on one run of a job.',
    unit: 'seconds',
    subject,
    labels: { ...queue, outcome: ['done', 'skipped', 'retried_later', 'handed_back', 'discarded', 'failed'] },
    buckets: JOB_SECONDS,
    emittedBy,
  },
  aion_queue_jobs_stalled_total: {
    type: 'counter',
    help: 'Jobs taken over from a worker that had died.',
    unit: 'count',
    subject,
    labels: queue,
    emittedBy,
  },
  aion_queue_job_retries_total: {
    type: 'counter',
    help: 'Runs of jobs other than the first run.',
    unit: 'count',
    subject,
    labels: queue,
    emittedBy,
  },
  aion_queue_dead_letter_jobs: {
    type: 'gauge',
    help: 'Jobs that have failed permanently and are retained for inspection.',
    unit: 'count',
    subject,
    labels: queue,
    emittedBy: emittedByProducer,
  },
  aion_outbox_oldest_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest outbox row that is neither published nor dead-lettered; 0 without one.',
    unit: 'seconds',
    subject,
    labels: {},
    emittedBy: ['database-gateway'],
  },
  aion_outbox_parked_rows: {
    type: 'gauge',
    help: 'Dead-lettered outbox rows, which an operator must release, by reason.',
    unit: 'count',
    subject,
    labels: { reason: PARKED_REASONS },
    emittedBy: ['database-gateway'],
  },
  aion_exports_total: {
    type: 'counter',
    help: 'Finished exports; each is counted once, when its outcome is committed.',
    unit: 'count',
    subject,
    labels: { outcome: EXPORT_OUTCOMES },
    emittedBy: ['database-gateway'],
  },
  aion_export_failures_total: {
    type: 'counter',
    help: 'Failed exports by the error code shown to their owner; `INVALID_RECIPIENT` is an error of the owner.',
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
    help: 'Bytes written to bundles, before compression and encryption.',
    unit: 'bytes',
    subject,
    labels: {},
    emittedBy,
  },
  aion_export_duration_seconds: {
    type: 'histogram',
    help: 'Time from requesting an export to its outcome.',
    unit: 'seconds',
    subject,
    labels: { outcome: EXPORT_OUTCOMES },
    buckets: JOB_SECONDS,
    emittedBy: ['database-gateway'],
  },
} as const satisfies Record<string, MetricDeclaration>;
