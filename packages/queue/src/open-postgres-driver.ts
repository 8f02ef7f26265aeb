import { PostgresConnection, PostgresQueueBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import type { ErrorReporter } from './error-reporter.ts';
import { withPauseAfterErrors } from './queue-driver.ts';
import type { QueueDriver } from './queue-driver.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 30_000;
/** Connections per process for producers, and per worker in addition to its LISTEN connection. */
const POOL_SIZE = 4;

/**
 * Opens BullMQ on PostgreSQL. Migrates BullMQ's schema (`bullmq`) first; any number of processes may do so concurrently,
 * because the migration runs in one transaction under an advisory lock.
 *
 * @throws Error when the database is unreachable or its role may not create the schema.
 */
export async function openPostgresDriver(url: string, report: ErrorReporter): Promise<QueueDriver> {
  await migrate(url);
  const settings = {
    connectionString: url,
    max: POOL_SIZE,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  };
  // Ready before the first queue is opened: BullMQ never retries a connection whose start failed.
  const shared = new PostgresConnection(settings);
  shared.on('error', report);
  await shared.waitUntilReady();
  return {
    kind: 'postgres',
    queueFactory: (name, options) =>
      new PostgresQueueBackend(shared, name, { ...options, connection: settings }, false),
    workerFactory: (name, options) =>
      withPauseAfterErrors(
        // Named after the queue, as BullMQ names the listening connections of workers.
        new PostgresQueueBackend(
          new WorkerConnection(settings),
          name,
          { ...options, connection: settings },
          true,
          name,
        ),
      ),
    close: () => shared.close(),
  };
}

/**
 * Connection that does not listen after it was closed. BullMQ opens a worker's listening connection at the end of its
 * start, even when the worker was closed before, and would leak it.
 */
class WorkerConnection extends PostgresConnection {
  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    if (this.isClosing !== undefined) throw new Error('The connection was closed before it could listen.');
    return super.getListenClient();
  }
}

async function migrate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  try {
    await client.connect();
    await runMigrations(client);
  } catch (error) {
    const { host, pathname } = new URL(url);
    throw new Error(
      `The queue database ${host}${pathname} cannot be prepared. It must exist, and its role must be allowed to create ` +
        'a schema in it (GRANT CREATE ON DATABASE, or be the owner).',
      { cause: error },
    );
  } finally {
    await client.end();
  }
}
