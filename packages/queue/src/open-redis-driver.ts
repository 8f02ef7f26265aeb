import { createRequire } from 'node:module';
import { createRedisBackend } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ErrorReporter } from './error-reporter.ts';
import { withPauseAfterErrors } from './queue-driver.ts';
import type { QueueDriver } from './queue-driver.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RECONNECT_PAUSE_MS = 2_000;

const connectionOptions = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  retryStrategy: (times: number) => Math.min(times * 100, MAX_RECONNECT_PAUSE_MS),
};

/**
 * Opens BullMQ on Redis.
 *
 * @throws Error when ioredis is not installed or Redis does not respond.
 */
export async function openRedisDriver(url: string, report: ErrorReporter): Promise<QueueDriver> {
  assertIoredisIsInstalled();
  const shared = await connect(url, report);
  return {
    kind: 'redis',
    queueFactory: (name, options, factoryOptions) =>
      createRedisBackend(name, { ...options, connection: shared }, factoryOptions),
    workerFactory: (name, options, factoryOptions) => {
      // Commands of a worker wait until Redis is reachable again; those of a producer fail, so that its caller is informed.
      const connection = { ...connectionOptions, url, maxRetriesPerRequest: null };
      return withPauseAfterErrors(createRedisBackend(name, { ...options, connection }, factoryOptions));
    },
    close: () => {
      // quit() would wait for a server that may be unreachable; no command is pending at this point.
      shared.disconnect();
      return Promise.resolve();
    },
  };
}

/**
 * Asserts that ioredis is installed. BullMQ loads it when it opens a connection; without it a worker logs errors in a hot
 * loop. Resolves it from BullMQ's own location.
 *
 * @param resolve replaces Node's resolution in tests
 * @throws Error that names the package to install.
 */
export function assertIoredisIsInstalled(resolve: (name: string) => unknown = resolveFromBullMq): void {
  try {
    resolve('ioredis');
  } catch (error) {
    throw new Error('Queues on Redis need the package ioredis. Install it, or unset REDIS_URL to use PostgreSQL.', {
      cause: error,
    });
  }
}

function resolveFromBullMq(name: string): string {
  return createRequire(createRequire(import.meta.url).resolve('bullmq')).resolve(name);
}

async function connect(url: string, report: ErrorReporter): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const client = new Client(url, { ...connectionOptions, maxRetriesPerRequest: 1, lazyConnect: true });
  client.on('error', report);
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw new Error(`Redis at ${new URL(url).host} does not respond. Start it or correct REDIS_URL.`, { cause: error });
  }
}
