import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { internalRoute, routes } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { createTestDatabase, waitFor } from '@aion/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from '../src/outbox/outbox-relay.ts';
import { createOutboxStore, insertOutboxRow, type NewOutboxRow } from '../src/outbox/outbox-store.ts';
import { createQueueConnection, type QueueConnection } from '../src/outbox/queue-connection.ts';
import { createManagement, operatorFor } from './support/management.ts';
import { startGateway } from './support/start-gateway.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

/** A value that redaction does not recognize. */
const SECRET = 'what is in a payload';

let db: MigratedDatabase;
let queueDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
let queue: QueueConnection;
let tenantId: string;
let metrics: Metrics;
let logs: string;
let relay: OutboxRelay | undefined;

beforeAll(async () => {
  db = await createMigratedDatabase();
  queueDatabase = await createTestDatabase();
  ({ tenantId } = await createTestTenant(db.database));
  queue = createQueueConnection({
    redisUrl: undefined,
    postgresUrl: queueDatabase.url,
    logger: silentLogger,
    metrics: noMetrics,
  });
  queue.start();
  await waitFor(() => queue.ping().then(() => true), { describe: 'the queue' });
});
afterAll(async () => {
  await queue.close();
  await queueDatabase.drop();
  await db.drop();
});
afterEach(async () => {
  await relay?.stop();
  relay = undefined;
});

function startRelay(publish: OutboxRelayOptions['publish'], options: Partial<OutboxRelayOptions> = {}): void {
  metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  logs = '';
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => (logs += chunk.toString()));
  const logger = createLogger({ service: 'test', level: 'info', format: 'json', stream });
  const outbox = createOutboxStore(db.database);
  relay = createOutboxRelay({ outbox, publish, logger, metrics, pollMs: 20, maxRejections: 2, ...options });
  relay.start();
}

async function insertRow(row: Partial<NewOutboxRow> = {}): Promise<string> {
  const dedupeKey = uuidv7();
  const payload = { export_id: uuidv7(), tenant_id: tenantId };
  await db.database.withTenant(tenantId, (transaction) =>
    insertOutboxRow(transaction, { dedupeKey, topic: 'run-export', payload, carrier: {}, ...row }),
  );
  return dedupeKey;
}

const stateOf = async (dedupeKey: string) => {
  const [row] = await db.sql<{
    id: string;
    state: string;
    attempts: number;
    refusals: number;
    last_error: string | null;
  }>(
    `SELECT id, attempts, refusals, last_error,
       CASE WHEN published_at IS NOT NULL THEN 'published' ELSE coalesce(parked_reason, 'waiting') END AS state
     FROM outbox WHERE dedupe_key = $1`,
    [dedupeKey],
  );
  if (row === undefined) throw new Error(`no row ${dedupeKey}`);
  return row;
};
const reaches = (dedupeKey: string, state: string) =>
  waitFor(async () => (await stateOf(dedupeKey)).state === state, { describe: `${dedupeKey} to be ${state}` });
const parkedRows = async (reason: string) =>
  new RegExp(`^aion_outbox_parked_rows\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(
    (await metrics.exposition()).body,
  )?.[1];

describe('outbox row that can never become a job', () => {
  it.each([
    ['unknown_topic', { topic: 'run-nothing', payload: { note: SECRET } }],
    ['malformed_payload', { payload: { export_id: SECRET, tenant_id: 'x' } }],
  ])('is dead-lettered as %s, is logged without its payload, and delays no other row', async (reason, row) => {
    const poison = await insertRow(row);
    startRelay(queue.publish);
    const other = await insertRow();
    await reaches(other, 'published');
    await reaches(poison, reason);
    const { id, last_error: lastError } = await stateOf(poison);
    const line = logs.split('\n').find((candidate) => candidate.includes('"level":"error"'));
    expect(line).toMatch(new RegExp(`dead-lettered.*"outbox_id":"${id}".*"reason":"${reason}"`));
    expect(logs + String(lastError)).not.toContain(SECRET);
    await waitFor(async () => (await parkedRows(reason)) === '1', { describe: 'the gauge' });
    // The age of the oldest row excludes dead-lettered rows.
    expect((await metrics.exposition()).body).toMatch(/^aion_outbox_oldest_age_seconds 0$/m);
  });

  it('is retried after its release, and dead-lettered again when nothing has changed', async () => {
    const poison = await insertRow({ topic: 'run-nothing' });
    startRelay(queue.publish, { maxRejections: 1 });
    await reaches(poison, 'unknown_topic');
    const { id } = await stateOf(poison);
    const call = createManagement(db.database);
    const release = (outbox_id: string) =>
      call(internalRoute(routes.outboxRows.release), operatorFor(null), {
        params: { outbox_id },
        body: { tenant_id: tenantId },
      });
    await release(id);
    await waitFor(async () => (await stateOf(poison)).attempts === 2, { describe: 'another attempt' });
    await reaches(poison, 'unknown_topic');
    const { id: published } = await stateOf(await insertRow());
    await expect(release(published)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('outbox row that the queue rejects', () => {
  it('is dead-lettered while the queue accepts others, and not while it accepts none', async () => {
    const refused = await insertRow();
    let isQueueUp = false;
    let tries = 0;
    startRelay(({ dedupeKey }) => {
      if (dedupeKey === refused) tries += 1;
      return isQueueUp && dedupeKey !== refused ? Promise.resolve() : Promise.reject(new Error('no'));
    });
    await waitFor(() => tries >= 2, { describe: 'two tries' });
    expect(await stateOf(refused)).toMatchObject({ state: 'waiting', refusals: 0 });
    isQueueUp = true;
    const other = await insertRow();
    await reaches(other, 'published');
    await reaches(refused, 'refused');
    const { refusals, attempts } = await stateOf(refused);
    // Attempts while the queue accepted nothing do not count.
    expect([refusals, attempts - refusals >= 2]).toEqual([2, true]);
  });

  it('is published by a relay that claimed it before another one dead-lettered it', async () => {
    const late = await insertRow();
    const outbox = createOutboxStore(db.database);
    const { id } = await stateOf(late);
    const refusal = { reason: 'refused', failure: 'no', retryAfterMs: 0, maxRejections: 1 } as const;
    expect(await outbox.markRejected(id, refusal)).toBe(true);
    expect(await outbox.claim(10, 0)).toEqual([]);
    await outbox.markFailed(id, 'no', 0);
    expect(await stateOf(late)).toMatchObject({ state: 'refused' });
    await outbox.markPublished(id);
    expect(await stateOf(late)).toMatchObject({ state: 'published' });
    expect(await outbox.markRejected(id, refusal)).toBe(false);
  });
});

describe('dead-lettered rows of all tenants', () => {
  it('are listed in pages, and released by an operator with an audit event; then the relay publishes them', async () => {
    const keys = [await insertRow(), await insertRow()];
    await db.sql(
      `UPDATE outbox SET parked_at = now(), parked_reason = 'refused', available_at = 'infinity'
       WHERE dedupe_key = ANY ($1)`,
      [keys],
    );
    const gateway = await startGateway({
      DATABASE_URL: db.appUrl,
      AION_MIGRATION_DATABASE_URL: db.ownerUrl,
      AION_QUEUE_DATABASE_URL: queueDatabase.url,
    });
    const { client } = gateway;
    const caller = operatorFor(null);
    const list = async (query: { limit: number; cursor?: string | undefined }) =>
      (await client.call(internalRoute(routes.outboxRows.listParked), { query: { ...query, order: 'asc' }, caller }))
        .answer;
    const { data: all } = await list({ limit: 100 });
    expect(all.filter((row) => row.topic === 'run-nothing').length).toBeGreaterThan(0);
    expect(JSON.stringify(all)).not.toContain(SECRET);
    const [first, second] = all.slice(-2);
    expect([first?.dedupe_key, second?.dedupe_key]).toEqual(keys);
    expect(first).toMatchObject({ tenant_id: tenantId, parked_reason: 'refused' });
    const newest = await client.call(internalRoute(routes.outboxRows.listParked), { query: { limit: 1 }, caller });
    expect(newest.answer.data).toEqual([second]);
    const { next_cursor: cursor } = await list({ limit: all.length - 1 });
    const afterFirst = async () => (await list({ limit: 100, cursor: cursor ?? '' })).data;
    expect(await afterFirst()).toEqual([second]);

    const params = { outbox_id: first?.id ?? '' };
    const release = (tenant: string) =>
      client.call(internalRoute(routes.outboxRows.release), { params, body: { tenant_id: tenant }, caller });
    await expect(release(uuidv7())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const listener = new pg.Client({ connectionString: db.appUrl });
    await listener.connect();
    await listener.query('LISTEN aion_outbox');
    const announced = once(listener, 'notification');
    await release(tenantId);
    await announced;
    await listener.end();
    await reaches(keys[0] ?? '', 'published');
    await expect(release(tenantId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await afterFirst()).toEqual([second]);
    const events = await db.sql(
      `SELECT actor, target_id FROM audit_events WHERE action = 'outbox_row.released' AND target_path = $1`,
      [first?.id],
    );
    expect(events).toEqual([{ actor: operatorFor(null).actor, target_id: tenantId }]);
    await gateway.stop();
  });
});
