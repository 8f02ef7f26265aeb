import { PassThrough } from 'node:stream';
import { createServiceClient, createServiceTokens, type ServiceClient } from '@aion/http';
import { createLogger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { freePort } from '@aion/testkit';
import { startTracing } from '@aion/tracing';
import { loadDatabaseGatewayConfig } from '../../src/config.ts';
import { createDatabaseGateway } from '../../src/create-database-gateway.ts';
import { noMetrics } from './test-database.ts';

const SECRET = 'a secret that is long enough for a test';

/** Instance of database-gateway in this process. */
export interface StartedGateway {
  readonly client: ServiceClient;
  readonly metrics: Metrics;
  readonly baseUrl: string;
  readonly adminUrl: string;
  /** All log lines. */
  logs(): string;
  stop(): Promise<void>;
}

/** Starts a gateway without spans on free ports; `env` contains the URLs of its database and its queue. */
export async function startGateway(env: Readonly<Record<string, string>>): Promise<StartedGateway> {
  const adminPort = await freePort();
  const config = loadDatabaseGatewayConfig({
    PORT: '0',
    AION_ADMIN_PORT: String(adminPort),
    AION_SERVICE_TOKEN_SECRET: SECRET,
    ...env,
  });
  const stream = new PassThrough();
  let logs = '';
  stream.on('data', (chunk: Buffer) => (logs += chunk.toString()));
  const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
  const logger = createLogger({ service: 'database-gateway', level: 'info', format: 'json', stream });
  const tracing = startTracing({
    serviceName: 'database-gateway',
    serviceVersion: '0',
    enabled: false,
    sampleRatio: 0,
  });
  const gateway = createDatabaseGateway(config, { logger, metrics, tracing });
  await gateway.start();
  const baseUrl = `http://127.0.0.1:${gateway.port}`;
  const client = createServiceClient({
    baseUrl,
    audience: 'database-gateway',
    metrics: noMetrics,
    tokens: createServiceTokens({ secret: SECRET, service: 'data-export' }),
  });
  return {
    client,
    metrics,
    baseUrl,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    logs: () => logs,
    stop: async () => {
      await client.close();
      await gateway.stop();
      await tracing.shutdown();
    },
  };
}
