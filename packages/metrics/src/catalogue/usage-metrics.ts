import type { MetricDeclaration } from './metric-declaration.ts';

const emittedBy = ['database-gateway'] as const;
const subject = 'db' as const;

/** Metrics of the daily usage rollup, emitted by database-gateway. */
export const USAGE_METRICS = {
  aion_usage_rollup_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest settled generation that is not in the daily rollup yet; reports include it already.',
    unit: 'seconds',
    subject,
    labels: {},
    emittedBy,
  },
  aion_usage_difference: {
    type: 'gauge',
    help: 'Difference between the usage rollup and the generations of today and yesterday: sum of generations, tokens and micro-USD. Alert on any.',
    unit: 'count',
    subject,
    labels: {},
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
