import type { MetricDeclaration } from './metric-declaration.ts';

const emittedBy = ['database-gateway'] as const;
const subject = 'db' as const;

/** What the database gateway says of the sums of usage that it keeps. */
export const USAGE_METRICS = {
  aion_usage_rollup_lag_seconds: {
    type: 'gauge',
    help: 'How long the oldest settled generation has waited to be in the sums of its day; reports have it already.',
    unit: 'seconds',
    subject,
    labels: {},
    emittedBy,
  },
  aion_usage_difference: {
    type: 'gauge',
    help: 'By how much the usage of today and yesterday differs from the generations themselves: in generations, tokens and micro-USD together. Alert on any.',
    unit: 'count',
    subject,
    labels: {},
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
