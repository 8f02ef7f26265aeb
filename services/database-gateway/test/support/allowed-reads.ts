import type { AllowedRead } from './query-plans.ts';

/** Statements that read more than a page, and why they may. */
export const ALLOWED_READS: readonly AllowedRead[] = [
  {
    statement: /FROM audit_events\s+WHERE tenant_id = \$1 AND \(\$2::bigint IS NULL/,
    maxRows: 5_000,
    reason: 'its policy hides from the planner how many events a tenant has, and some thousands are quickly sorted',
  },
  {
    statement: /FROM export_jobs\s+WHERE tenant_id = \$1 AND \(\$2::uuid IS NULL/,
    maxRows: 1_000,
    reason: 'one export of a tenant runs at a time: it has hundreds, of which those of a state are filtered',
  },
  {
    statement: /^COPY \(SELECT row_to_json|^\s*SELECT count\(\*\) AS count FROM "/,
    maxRows: Number.POSITIVE_INFINITY,
    reason: 'an export takes every row of its tenant, and says how many there are',
  },
  {
    statement: /FROM pg_(?:attribute|constraint|class|roles|proc)\b/,
    maxRows: Number.POSITIVE_INFINITY,
    reason: 'the live schema is read from the catalogue, which is as large as the schema',
  },
  {
    statement: /FROM public\.audit_heads h ORDER BY|FROM list_audit_chains\(\)/,
    maxRows: Number.POSITIVE_INFINITY,
    whole: ['audit_heads'],
    reason: 'the verifier looks at the end of each chain: one row a tenant',
  },
  {
    statement: /count\(\*\) FROM public\.provider_configs/,
    maxRows: Number.POSITIVE_INFINITY,
    reason: 'the operator asks how much each key has sealed, which an index alone answers',
  },
  {
    statement: /DELETE FROM public\.usage_deltas/,
    maxRows: 5_000,
    reason: 'settlements are summed up so many at a time',
  },
  {
    statement: /^\s*WITH bounds AS \(/,
    maxRows: 2_000,
    whole: ['usage_deltas'],
    reason: 'usage is compared with the generations of two days; what is not summed up yet is of the last seconds',
  },
];
