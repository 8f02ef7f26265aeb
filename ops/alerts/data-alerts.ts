import { metricsOf, type Alert } from './alert.ts';

/** Alerts on invariants of the data that AION stores. */
const CONDITIONS: readonly Alert[] = [
  {
    name: 'DefaultPartitionNotEmpty',
    expr: 'max by (table) (aion_default_partition_rows) > 0',
    forMinutes: 5,
    severity: 'warning',
    summary: '{{ $value }} rows of {{ $labels.table }} are in the default partition',
    description: 'Their month had no partition when they were written, and cannot get one until they are moved.',
  },
  {
    name: 'SchemaDrift',
    expr: 'max(aion_schema_drift) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'The live schema differs from the declared one',
    description:
      'Requests are served; exports and erasures are rejected, since they could miss undeclared tables and columns.',
  },
  {
    name: 'AuditChainBroken',
    expr: 'min(aion_audit_chain_ok) < 1',
    forMinutes: 0,
    severity: 'critical',
    summary: 'The audit trail was changed',
    description:
      'An event or a checkpoint was edited, deleted, reordered or truncated by somebody with access to the database.',
  },
  {
    name: 'AuditNotVerified',
    expr: 'time() - max by (exported_job) (aion_job_last_success_timestamp_seconds{exported_job="audit-verify"}) > 900',
    forMinutes: 5,
    severity: 'warning',
    summary: 'The audit trail was last verified {{ $value | humanizeDuration }} ago',
    description: 'A change of the audit trail would not be detected now.',
  },
  {
    name: 'OutboxStuck',
    expr: 'max(aion_outbox_oldest_age_seconds) > 300',
    forMinutes: 2,
    severity: 'critical',
    summary: 'The oldest row of the outbox has waited for {{ $value | humanizeDuration }}',
    description: 'Exports are accepted but do not start. Nothing is lost: they start when the outbox is relayed again.',
  },
  {
    name: 'OutboxRowsParked',
    expr: 'max by (reason) (aion_outbox_parked_rows) > 0',
    forMinutes: 1,
    severity: 'warning',
    summary: '{{ $value }} rows of the outbox are dead-lettered: {{ $labels.reason }}',
    description: 'Their jobs do not run until an operator releases the rows.',
  },
  {
    name: 'UsageDiffers',
    expr: 'max(aion_usage_difference) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Usage differs from its generations by {{ $value }}',
    description:
      'The usage that tenants see, and may be billed by, differs from the generations settled today or yesterday.',
  },
  {
    name: 'UsageRollupBehind',
    expr: 'max(aion_usage_rollup_lag_seconds) > 300',
    forMinutes: 5,
    severity: 'warning',
    summary: 'The rollup of usage is {{ $value | humanizeDuration }} late',
    description: 'Reports stay exact, but become slower the longer it lasts.',
  },
  {
    name: 'SealedUnderUnknownKey',
    expr: 'max(aion_sealed_rows{sealed_under="unknown"}) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: '{{ $value }} encrypted rows cannot be decrypted',
    description:
      'They were encrypted under a key that is no longer configured: the credentials in them cannot be used.',
  },
];

/** Alert on absent metrics, without which the other alerts cannot fire. */
const MISSING: Alert = {
  name: 'DataMetricMissing',
  expr: metricsUsed()
    .map((metric) => `label_replace(absent(${metric}), "metric", "${metric}", "", "")`)
    .join(' or '),
  forMinutes: 15,
  severity: 'warning',
  summary: '{{ $labels.metric }} is absent',
  description: 'The alerts that read it cannot fire: database-gateway is not scraped, or metrics are disabled.',
};

/** Every alert on the data that AION stores. */
export const DATA_ALERTS: readonly Alert[] = [...CONDITIONS, MISSING];

function metricsUsed(): readonly string[] {
  return [...new Set(CONDITIONS.flatMap(({ expr }) => metricsOf(expr)))].toSorted();
}
