import { createQueueBackend, type QueueBackend } from '@aion/queue';
import { waitFor } from '@aion/testkit';
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from '../../src/outbox/outbox-relay.ts';
import { createOutboxStore } from '../../src/outbox/outbox-store.ts';
import { createQueueConnection, type QueueConnection } from '../../src/outbox/queue-connection.ts';
import { requestExport } from './fixtures.ts';
import { createTestTenant, noMetrics, silentLogger, type MigratedDatabase } from './test-database.ts';

/** URL of a queue: one of both. */
export interface QueueUrls {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string | undefined;
}

/** A queue with the connections of the relay and of workers. */
export interface OpenQueue {
  readonly queue: QueueConnection;
  readonly backend: QueueBackend;
  readonly close: () => Promise<void>;
}

/** Opens a running queue. */
export async function openQueue(urls: QueueUrls): Promise<OpenQueue> {
  const queue = await openConnection(urls);
  const backend = await createQueueBackend({ ...urls, logger: silentLogger });
  return {
    queue,
    backend,
    close: async () => {
      await queue.close();
      await backend.close();
    },
  };
}

/** Opens the producer alone. */
export async function openConnection(urls: QueueUrls): Promise<QueueConnection> {
  const queue = createQueueConnection({ ...urls, logger: silentLogger, metrics: noMetrics });
  queue.start();
  await waitFor(() => queue.ping().then(() => true), { describe: 'the queue' });
  return queue;
}

/** Creates helpers for relays that poll the outbox of a database often. */
export function createRelays(db: MigratedDatabase) {
  const createRelay = (
    publish: OutboxRelayOptions['publish'],
    options: Partial<OutboxRelayOptions> = {},
  ): OutboxRelay =>
    createOutboxRelay({
      outbox: createOutboxStore(db.database),
      publish,
      logger: silentLogger,
      metrics: noMetrics,
      pollMs: 20,
      ...options,
    });
  const startRelay: typeof createRelay = (...args) => {
    const relay = createRelay(...args);
    relay.start();
    return relay;
  };
  const unpublished = () => db.sql('SELECT id FROM outbox WHERE published_at IS NULL');
  const allPublished = (timeoutMs = 10_000) =>
    waitFor(async () => (await unpublished()).length === 0, { describe: 'the outbox to be published', timeoutMs });
  /** Requests an export of a new tenant, which inserts an outbox row, and returns its id. */
  const request = async (): Promise<string> => requestExport(db.database, await createTestTenant(db.database));
  return { createRelay, startRelay, unpublished, allPublished, request };
}
