import type { MetricDeclaration } from './metric-declaration.ts';

const emittedBy = ['database-gateway'] as const;
const subject = 'db' as const;

/** Metrics of the database schema, emitted by database-gateway. */
export const SCHEMA_METRICS = {
  aion_schema_drift: {
    type: 'gauge',
    help: '1 if the database schema differs from the data map, else 0. While it is 1, exports are rejected.',
    unit: 'flag',
    subject,
    labels: {},
    emittedBy,
  },
  aion_default_partition_rows: {
    type: 'gauge',
    help: 'Rows in the default partition, because the partition of their month does not exist; counted up to 10 000. Alert on any.',
    unit: 'count',
    subject,
    labels: { table: ['generations', 'generation_contents'] },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
