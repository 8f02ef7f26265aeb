import type { MetricDeclaration } from './metric-declaration.ts';

const emittedBy = ['database-gateway'] as const;
const subject = 'db' as const;

/** What the database gateway says of the audit trail. */
export const AUDIT_METRICS = {
  aion_audit_chain_ok: {
    type: 'gauge',
    help: 'Whether every audit chain holds: 1 or 0. Alert on 0, and on its absence.',
    unit: 'flag',
    subject,
    labels: {},
    emittedBy,
  },
  aion_audit_events_verified_total: {
    type: 'counter',
    help: 'Audit events whose hash, link and content were verified.',
    unit: 'count',
    subject,
    labels: {},
    emittedBy,
  },
  aion_job_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When a job that runs again and again last succeeded, in seconds since the epoch.',
    unit: 'seconds',
    labels: { job: ['audit-verify'] },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
