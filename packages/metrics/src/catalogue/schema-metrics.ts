import type { MetricDeclaration } from './metric-declaration.ts';

const emittedBy = ['database-gateway'] as const;
const subject = 'db' as const;

/** What the database gateway says of its schema. */
export const SCHEMA_METRICS = {
  aion_schema_drift: {
    type: 'gauge',
    help: 'Whether the live schema differs from the data map: 1 or 0. While it does, exports are refused.',
    unit: 'flag',
    subject,
    labels: {},
    emittedBy,
  },
  aion_default_partition_rows: {
    type: 'gauge',
    help: 'Rows that found no partition of their month; counted up to 10 000. Alert on any.',
    unit: 'count',
    subject,
    labels: { table: ['generations', 'generation_contents'] },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
