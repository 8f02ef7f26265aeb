import type { MetricDeclaration } from './metric-declaration.ts';

/** What web-api says of secrets that are stored sealed. */
export const SEALING_METRICS = {
  aion_sealed_rows: {
    type: 'gauge',
    help: 'Rows with a sealed secret, of the whole installation, by the key that it is sealed under. Alert on `unknown`.',
    unit: 'count',
    subject: 'db',
    labels: { sealed_under: ['current', 'former', 'unknown'] },
    meanings: {
      sealed_under: {
        current: 'AION_SEALING_KEY',
        former: 'one of AION_FORMER_SEALING_KEYS: `aion keys rotate` seals it anew',
        unknown: 'a key that this process lacks, so that nobody can use the secret',
      },
    },
    emittedBy: ['web-api'],
  },
} as const satisfies Record<string, MetricDeclaration>;
