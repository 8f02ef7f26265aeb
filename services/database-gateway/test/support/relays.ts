import { createQueueBackend, type QueueBackend } from '@aion/queue';
import { waitFor } from '@aion/testkit';
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from '../../src/outbox/outbox-relay.ts';
import { createOutboxStore } from '../../src/outbox/outbox-store.ts';
import { createQueueConnection, type QueueConnection } from '../../src/outbox/queue-connection.ts';
import { requestExport } from './fixtures.ts';
import { createTestTenant, noMetrics, silentLogger, type MigratedDatabase } from './test-database.ts';

/** Where a queue is: one of both. */
export interface QueueUrls {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string | undefined;
}

/** A queue as the relay sees it, and as workers do. */
export interface OpenQueue {
  readonly queue: QueueConnection;
  readonly backend: QueueBackend;
  readonly close: () => Promise<void>;
}

/** Opens a queue that is there. */
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

/** Opens the sending side alone. */
export async function openConnection(urls: QueueUrls): Promise<QueueConnection> {
  const queue = createQueueConnection({ ...urls, logger: silentLogger, metrics: noMetrics });
  queue.start();
  await waitFor(() => queue.ping().then(() => true), { describe: 'the queue' });
  return queue;
}

/** Relays of the outbox of a database, which look often, and what is in it. */
export function createRelays(db: MigratedDatabase) {
  const createRelay = (
    publish: OutboxRelayOptions['publish'],
    options: Partial<OutboxRelayOptions> = {},
  ): OutboxRelay =>
    createOutboxRelay({
      ...{ outbox: createOutboxStore(db.database), publish, logger: silentLogger, metrics: noMetrics, pollMs: 20 },
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
  /** Asks for an export of a new tenant, which puts a row into the outbox, and gives its id. */
  const request = async (): Promise<string> => requestExport(db.database, await createTestTenant(db.database));
  return { createRelay, startRelay, unpublished, allPublished, request };
}
