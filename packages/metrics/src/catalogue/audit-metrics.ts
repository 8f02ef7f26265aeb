import type { MetricDeclaration } from './metric-declaration.ts';

const emittedBy = ['database-gateway'] as const;
const subject = 'db' as const;

/** Metrics of the audit trail, emitted by database-gateway. */
export const AUDIT_METRICS = {
  aion_audit_chain_ok: {
    type: 'gauge',
    help: '1 if all audit chains are valid, else 0. Alert on 0 and on absence.',
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
    help: 'Unix time of the last success of a periodic task, in seconds.',
    unit: 'seconds',
    labels: { job: ['audit-verify'] },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
