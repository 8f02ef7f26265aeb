import { metricsOf, type Alert } from './alert.ts';

/** What must be true of the data that AION keeps. */
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
    summary: 'The live schema is not the declared one',
    description: 'Requests are served; exports and erasures are refused, since they could miss what is not declared.',
  },
  {
    name: 'AuditChainBroken',
    expr: 'min(aion_audit_chain_ok) < 1',
    forMinutes: 0,
    severity: 'critical',
    summary: 'The audit trail was changed',
    description:
      'An event or a checkpoint was edited, deleted, reordered or cut off by somebody with access to the database.',
  },
  {
    name: 'AuditNotVerified',
    expr: 'time() - max by (exported_job) (aion_job_last_success_timestamp_seconds{exported_job="audit-verify"}) > 900',
    forMinutes: 5,
    severity: 'warning',
    summary: 'The audit trail was last verified {{ $value | humanizeDuration }} ago',
    description: 'A change of the audit trail would not be noticed now.',
  },
  {
    name: 'OutboxStuck',
    expr: 'max(aion_outbox_oldest_age_seconds) > 300',
    forMinutes: 2,
    severity: 'critical',
    summary: 'The oldest row of the outbox has waited for {{ $value | humanizeDuration }}',
    description: 'Exports are accepted and do not begin. Nothing is lost: they begin when the outbox is relayed again.',
  },
  {
    name: 'OutboxRowsParked',
    expr: 'max by (reason) (aion_outbox_parked_rows) > 0',
    forMinutes: 1,
    severity: 'warning',
    summary: '{{ $value }} rows of the outbox are parked: {{ $labels.reason }}',
    description: 'What they would have started does not happen until somebody releases them.',
  },
  {
    name: 'UsageDiffers',
    expr: 'max(aion_usage_difference) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Usage differs from its generations by {{ $value }}',
    description: 'What tenants are shown, and may be billed by, is not what was settled today or yesterday.',
  },
  {
    name: 'UsageRollupBehind',
    expr: 'max(aion_usage_rollup_lag_seconds) > 300',
    forMinutes: 5,
    severity: 'warning',
    summary: 'Usage is summed up {{ $value | humanizeDuration }} late',
    description: 'Reports stay exact, and become slower the longer it lasts.',
  },
  {
    name: 'SealedUnderUnknownKey',
    expr: 'max(aion_sealed_rows{sealed_under="unknown"}) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: '{{ $value }} sealed rows cannot be opened',
    description: 'They were sealed under a key that is configured no more: the credentials in them are of no use.',
  },
];

/** A metric that is not there cannot tell that something is wrong. */
const MISSING: Alert = {
  name: 'DataMetricMissing',
  expr: metricsUsed()
    .map((metric) => `label_replace(absent(${metric}), "metric", "${metric}", "", "")`)
    .join(' or '),
  forMinutes: 15,
  severity: 'warning',
  summary: '{{ $labels.metric }} is not there',
  description: 'The alerts that read it cannot fire: nothing scrapes database-gateway, or metrics are switched off.',
};

/** Every alert on the data that AION keeps. */
export const DATA_ALERTS: readonly Alert[] = [...CONDITIONS, MISSING];

function metricsUsed(): readonly string[] {
  return [...new Set(CONDITIONS.flatMap(({ expr }) => metricsOf(expr)))].toSorted();
}
