import type { MetricDeclaration } from './metric-declaration.ts';

/** Metrics of encrypted secrets, emitted by web-api. */
export const ENCRYPTION_METRICS = {
  aion_sealed_rows: {
    type: 'gauge',
    help: 'Rows with an encrypted secret in the entire installation, by the key that encrypted it. Alert on `unknown`.',
    unit: 'count',
    subject: 'db',
    labels: { sealed_under: ['current', 'former', 'unknown'] },
    meanings: {
      sealed_under: {
        current: '`AION_SEALING_KEY`',
        former: 'one of `AION_FORMER_SEALING_KEYS`: `aion keys rotate` encrypts the secret again',
        unknown: 'a key that this process does not have, so the secret cannot be decrypted',
      },
    },
    emittedBy: ['web-api'],
  },
} as const satisfies Record<string, MetricDeclaration>;
