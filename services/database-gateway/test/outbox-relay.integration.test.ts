import { runExportJob } from '@aion/contracts';
import { createMetrics, type Metrics } from '@aion/metrics';
import { createQueueBackend } from '@aion/queue';
import { createTestDatabase, describeWithProgram, freePort, startRedis, waitFor, type TestRedis } from '@aion/testkit';
import { startTracing, withSpan, type Tracing } from '@aion/tracing';
import { v7 as uuidv7 } from 'uuid';
import { createOutboxStore, insertOutboxRow, type OutboxStore } from '../src/outbox/outbox-store.ts';
import { createOutboxListener } from '../src/outbox/outbox-listener.ts';
import type { OutboxRelayOptions } from '../src/outbox/outbox-relay.ts';
import { createQueueConnection } from '../src/outbox/queue-connection.ts';
import { exportJobId } from '../src/exports/queue-export.ts';
import { requestExport } from './support/fixtures.ts';
import { createRelays, openQueue, type OpenQueue, type QueueUrls } from './support/relays.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let relays: ReturnType<typeof createRelays>;
let tracing: Tracing;
beforeAll(async () => {
  db = await createMigratedDatabase();
  relays = createRelays(db);
  tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
});
afterAll(async () => {
  await tracing.shutdown();
  await db.drop();
});

beforeEach(() => db.sql('DELETE FROM outbox'));

const requestExports = async (count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await relays.request());
  return ids;
};

function describeRelayOn(backendUrls: () => QueueUrls): void {
  let open: OpenQueue;
  beforeAll(async () => {
    open = await openQueue(backendUrls());
  });
  afterAll(() => open.close());

  it('creates one job for each row with several concurrent relays', async () => {
    const before = await open.backend.queue(runExportJob).counts();
    const ids = await requestExports(30);
    const started = [1, 2, 3].map(() => relays.startRelay(open.queue.publish));
    await relays.allPublished();
    await Promise.all(started.map((relay) => relay.stop()));
    const after = await open.backend.queue(runExportJob).counts();
    expect(after.waiting - before.waiting).toBe(ids.length);
    const attempts = await db.sql('SELECT DISTINCT attempts FROM outbox');
    expect(attempts).toEqual([{ attempts: 1 }]);
  });

  it('creates one job for a row whose relay died after publishing and before settling it', async () => {
    const [id] = await requestExports(1);
    const before = await open.backend.queue(runExportJob).counts();
    const relay = relays.startRelay(open.queue.publish);
    await relays.allPublished();
    await db.sql('UPDATE outbox SET published_at = NULL, available_at = now() WHERE dedupe_key = $1', [
      exportJobId(id!, 1),
    ]);
    await relays.allPublished();
    await relay.stop();
    expect((await open.backend.queue(runExportJob).counts()).waiting - before.waiting).toBe(1);
  });

  it('propagates the trace from the request through outbox and queue to the worker', async () => {
    const tenant = await createTestTenant(db.database);
    const relay = relays.startRelay(open.queue.publish);
    const { id, traceId } = await withSpan('POST /api/v1/exports', {}, async (span) => ({
      id: await requestExport(db.database, tenant),
      traceId: span.spanContext().traceId,
    }));
    const seen: string[] = [];
    const worker = open.backend.worker(runExportJob, async (payload) => {
      seen.push(payload.export_id);
      return { status: 'completed' };
    });
    await waitFor(() => seen.includes(id), { describe: 'the job to run' });
    await worker.close();
    await relay.stop();
    const spans = tracing.store?.get(traceId) ?? [];
    const names = spans.map((span) => span.name);
    expect(names).toEqual(
      expect.arrayContaining(['INSERT outbox', 'publish outbox', 'send exports', 'CALL outbox', 'process exports']),
    );
    const find = (name: string) => spans.find((span) => span.name === name);
    expect(find('publish outbox')?.parentSpanId).toBe(find('POST /api/v1/exports')?.spanId);
    expect(find('send exports')?.parentSpanId).toBe(find('publish outbox')?.spanId);
    expect(find('INSERT outbox')).toMatchObject({
      kind: 'client',
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'INSERT',
        'db.collection.name': 'outbox',
      },
    });
  });
}

describe('outbox relay with a queue on PostgreSQL', () => {
  let queueDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    queueDatabase = await createTestDatabase();
  });
  afterAll(() => queueDatabase.drop());
  describeRelayOn(() => ({ redisUrl: undefined, postgresUrl: queueDatabase.url }));
});

describeWithProgram('redis-server', 'outbox relay with a queue on Redis', (redisServer) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis(redisServer);
  });
  afterAll(() => redis.stop());
  describeRelayOn(() => ({ redisUrl: redis.url, postgresUrl: undefined }));
});

describeWithProgram('redis-server', 'outbox relay while the queue is unavailable', (redisServer) => {
  it('keeps every row and publishes it when the queue is available', async () => {
    const port = await freePort();
    const redisUrl = `redis://127.0.0.1:${port}`;
    const metrics: Metrics = createMetrics({ service: 'test', version: '0', enabled: true });
    const queue = createQueueConnection({ redisUrl, postgresUrl: undefined, logger: silentLogger, metrics: noMetrics });
    queue.start();
    const relay = relays.startRelay(queue.publish, { metrics });
    const ids = await requestExports(2);
    await waitFor(async () => (await db.sql('SELECT 1 FROM outbox WHERE last_error IS NOT NULL')).length === 2, {
      describe: 'both rows to have failed',
    });
    await expect(queue.ping()).rejects.toThrow();
    await waitFor(async () => /^aion_outbox_oldest_age_seconds 0*[^0\s]/m.test((await metrics.exposition()).body), {
      describe: 'the age of the oldest row to show',
    });
    const redis = await startRedis(redisServer, { port });
    await relays.allPublished(20_000);
    const backend = await createQueueBackend({ redisUrl, logger: silentLogger });
    expect((await backend.queue(runExportJob).counts()).waiting).toBe(ids.length);
    await waitFor(async () => /^aion_outbox_oldest_age_seconds 0$/m.test((await metrics.exposition()).body), {
      describe: 'the age to be 0',
    });
    await backend.close();
    await relay.stop();
    await queue.close();
    await redis.stop();
  });
});

describe('outbox relay', () => {
  const insertRow = async (dedupeKey: string = uuidv7()) => {
    const { tenantId } = await createTestTenant(db.database);
    await db.database.withTenant(tenantId, (transaction) =>
      insertOutboxRow(transaction, { dedupeKey, topic: 'x', payload: { n: 1 }, carrier: {} }),
    );
    return dedupeKey;
  };

  it('leaves a claimed row to its relay until the claim expires, then claims it', async () => {
    const key = await insertRow();
    const outbox = createOutboxStore(db.database);
    expect((await outbox.claim(10, 300_000)).map((row) => row.dedupe_key)).toEqual([key]);
    expect(await outbox.claim(10, 300_000)).toEqual([]);
    const minutes = `round(extract(epoch FROM available_at - now()) / 60)::integer`;
    expect(await db.sql(`SELECT ${minutes} AS minutes FROM outbox`)).toEqual([{ minutes: 5 }]);
    await db.sql('UPDATE outbox SET available_at = now()');
    const [again] = await outbox.claim(10, 300_000);
    expect(again).toMatchObject({ dedupe_key: key, attempts: 2, payload: { n: 1 } });
    await outbox.markPublished(again!.id);
    expect(await relays.unpublished()).toEqual([]);
  });

  it('retries a failed row with growing pauses, without delaying the others', async () => {
    const poison = await insertRow('poison');
    const tried: string[] = [];
    const triedAtMs: number[] = [];
    const pausesMs: number[] = [];
    const store = createOutboxStore(db.database);
    const outbox: OutboxStore = {
      ...store,
      markFailed: (id, failure, retryAfterMs) => {
        pausesMs.push(retryAfterMs);
        return store.markFailed(id, failure, retryAfterMs);
      },
      markRejected: (id, refusal) => {
        pausesMs.push(refusal.retryAfterMs);
        return store.markRejected(id, refusal);
      },
    };
    const publish: OutboxRelayOptions['publish'] = async ({ dedupeKey }) => {
      tried.push(dedupeKey);
      if (dedupeKey !== poison) return;
      triedAtMs.push(performance.now());
      if (triedAtMs.length < 3) throw new Error('no');
    };
    const relay = relays.startRelay(publish, { outbox });
    const other = await insertRow();
    await relays.allPublished();
    await relay.stop();
    expect(tried.filter((key) => key === poison)).toHaveLength(3);
    expect(tried.filter((key) => key === other)).toHaveLength(1);
    expect(pausesMs).toEqual([500, 1_000]);
    const [first = 0, second = 0, third = 0] = triedAtMs;
    // The pause starts after the attempt, by the clock of PostgreSQL.
    expect([second - first >= 500, third - second >= 1_000]).toEqual([true, true]);
    expect(await db.sql('SELECT attempts, last_error FROM outbox WHERE dedupe_key = $1', [poison])).toEqual([
      { attempts: 3, last_error: null },
    ]);
  });

  it('waits at its stop for rows that are being published, and claims no more', async () => {
    let isPublishing = false;
    let publish: () => void = () => undefined;
    const published = new Promise<void>((resolve) => (publish = resolve));
    const relay = relays.createRelay(() => {
      isPublishing = true;
      return published;
    });
    await insertRow();
    relay.start();
    await waitFor(() => isPublishing, { describe: 'the relay to publish' });
    let isStopped = false;
    const stopped = relay.stop().then(() => (isStopped = true));
    const late = await insertRow();
    expect(isStopped).toBe(false);
    publish();
    await stopped;
    expect(await db.sql('SELECT dedupe_key FROM outbox WHERE published_at IS NULL')).toEqual([{ dedupe_key: late }]);
    await db.sql('UPDATE outbox SET published_at = now()');
  });

  it('is woken by a new row before its pause ends, also after the listener has reconnected', async () => {
    const published: string[] = [];
    const relay = relays.createRelay(
      ({ dedupeKey }) => {
        published.push(dedupeKey);
        return Promise.resolve();
      },
      { pollMs: 600_000 },
    );
    const listener = createOutboxListener({
      url: db.appUrl,
      onNotification: () => relay.wake(),
      logger: silentLogger,
      reconnectMs: 20,
    });
    relay.start();
    listener.start();
    const listening = () =>
      db.sql<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN aion_outbox' AND state = 'idle'
         AND datname = current_database()`,
      );
    const isListening = () => waitFor(async () => (await listening())[0], { describe: 'the listener' });
    const { pid } = await isListening();
    const first = await insertRow();
    await waitFor(() => published.includes(first), { describe: 'the first row' });
    await db.sql('SELECT pg_terminate_backend($1)', [pid]);
    await waitFor(async () => (await listening()).every((row) => row.pid !== pid), { describe: 'it to break' });
    await isListening();
    const second = await insertRow();
    await waitFor(() => published.includes(second), { describe: 'the second row' });
    await listener.stop();
    await relay.stop();
    await waitFor(async () => (await listening()).length === 0, { describe: 'the listener to be gone' });
  });

  it('is not notified of rows of a transaction that was rolled back, and publishes none', async () => {
    const { tenantId } = await createTestTenant(db.database);
    await expect(
      db.database.withTenant(tenantId, async (transaction) => {
        await insertOutboxRow(transaction, { dedupeKey: uuidv7(), topic: 'x', payload: {}, carrier: {} });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await relays.unpublished()).toEqual([]);
  });
});
