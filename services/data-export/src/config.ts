import { signingKeySchema } from '@aion/bundle';
import {
  checkQueue,
  databaseGatewayUrl,
  loadConfig,
  queueVariables,
  serviceVariables,
  types,
  variable,
  type ConfigOf,
  type Environment,
} from '@aion/config';
import { createObjectStore } from '@aion/object-store';
import { z } from 'zod';

// No public port: work arrives through the queue.
const { port: _port, ...common } = serviceVariables({ port: 8083, adminPort: 9467 });

const objectStoreUrl = z.string().superRefine((url, context) => {
  try {
    // Does not connect before it is used.
    void createObjectStore(url).close();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

/** Variables of data-export. */
export const dataExportVariables = {
  ...common,
  ...queueVariables,
  databaseGatewayUrl,
  objectStoreUrl: variable('OBJECT_STORE_URL', objectStoreUrl, {
    description: 'Directory or S3 bucket that bundles are stored in; must be the same as for web-api.',
    example: 's3://aion-exports?endpoint=https://s3.example.com',
  }),
  signingKey: variable('AION_SIGNING_KEY', signingKeySchema, {
    description: 'Ed25519 key that signs every bundle, as PKCS #8 PEM (`openssl genpkey -algorithm ed25519`).',
    example: '<PEM text>',
    secret: true,
  }),
  concurrency: variable('AION_EXPORT_CONCURRENCY', types.integer(1, 100), {
    description: 'Maximum number of concurrent exports of this process.',
    example: '2',
    fallback: '2',
  }),
  leaseMs: variable('AION_EXPORT_LEASE_MS', types.integer(1_000, 600_000), {
    description: 'Time after which another worker may claim an export whose worker has died, in milliseconds.',
    example: '15000',
    fallback: '15000',
  }),
  maxPartBytes: variable('AION_EXPORT_MAX_PART_BYTES', types.integer(65_536, 4_294_967_296), {
    description: 'Maximum size of a part of a table before compression, in bytes.',
    example: '67108864',
    fallback: '67108864',
  }),
};

/** Configuration of data-export. */
export type DataExportConfig = ConfigOf<typeof dataExportVariables>;

/** Reads the configuration. @throws ConfigError with every problem */
export function loadDataExportConfig(env: Environment): DataExportConfig {
  return loadConfig(dataExportVariables, env, checkQueue);
}
