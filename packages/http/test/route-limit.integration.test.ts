import { setTimeout as sleep } from 'node:timers/promises';
import { internalRoutes } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { bindRoute, createApp, listen } from '../src/index.ts';

describe('time limit of a bound route', () => {
  it.each([
    [undefined, 504],
    [30_000, 200],
  ])('replaces the limit of the app when set: timeoutMs %j responds with %i', async (timeoutMs, status) => {
    const bound = bindRoute(
      internalRoutes.ping.aiEngine,
      async ({ signal }) => {
        await sleep(200, undefined, { signal });
        return { service: 'ai-engine' };
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
    const app = createApp({
      routes: [bound],
      admit: async () => ({
        identity: { kind: 'anonymous' },
        parent: ROOT_CONTEXT,
        links: [],
        correlationId: undefined,
      }),
      logger: createLogger({ service: 'test', level: 'error', format: 'json' }),
      metrics: createMetrics({ service: 'test', version: '0', enabled: false }),
      timeoutMs: 50,
    });
    const server = await listen(app, { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' });
    try {
      expect((await fetch(`http://127.0.0.1:${server.port}/internal/ping`)).status).toBe(status);
    } finally {
      await server.close(0);
    }
  });
});
