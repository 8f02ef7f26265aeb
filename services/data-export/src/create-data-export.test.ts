import { PassThrough } from 'node:stream';
import { createSigningKey, exportSigningKey } from '@aion/bundle';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { loadDataExportConfig } from './config.ts';
import { createDataExport, type DataExportParts } from './create-data-export.ts';

function recordParts(order: string[]): DataExportParts {
  const record = (step: string) => async () => {
    await Promise.resolve();
    order.push(step);
  };
  return {
    admin: {
      start: record('admin starts'),
      drain: () => void order.push('readiness off'),
      readiness: () => Promise.resolve({ ready: true, checks: {} }),
      stop: record('admin stops'),
    },
    worker: { start: () => void order.push('worker starts'), ping: record('ping'), close: record('worker closes') },
    gateway: { close: record('gateway closes') },
    objectStore: { close: record('object store closes') },
    reportFeatureFlags: () => Promise.resolve(),
  };
}

describe('createDataExport', () => {
  it('starts the admin port first, and closes clients and object store after running exports have ended', async () => {
    const config = loadDataExportConfig({
      AION_SERVICE_TOKEN_SECRET: 's'.repeat(32),
      AION_DATABASE_GATEWAY_URL: 'http://127.0.0.1:8082',
      OBJECT_STORE_URL: '/var/lib/aion/objects',
      AION_SIGNING_KEY: exportSigningKey(createSigningKey()),
      REDIS_URL: 'redis://127.0.0.1:6379',
    });
    const order: string[] = [];
    const runtime = {
      logger: createLogger({ service: 'data-export', level: 'error', format: 'json', stream: new PassThrough() }),
      metrics: createMetrics({ service: 'data-export', version: '0', enabled: false }),
      tracing: { store: undefined, shutdown: () => Promise.resolve() },
    };
    const service = createDataExport(config, runtime, '0', () => recordParts(order));
    await service.start();
    await service.stop();
    expect(order).toEqual([
      'admin starts',
      'worker starts',
      'readiness off',
      'worker closes',
      'gateway closes',
      'object store closes',
      'admin stops',
    ]);
  });
});
