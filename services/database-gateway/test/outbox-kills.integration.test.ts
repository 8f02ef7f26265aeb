import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runExportJob } from '@aion/contracts';
import {
  createTestDatabase,
  describeWithProgram,
  freePort,
  startProcess,
  startRedis,
  waitFor,
  type TestRedis,
} from '@aion/testkit';
import pg from 'pg';
import { exportJobId } from '../src/exports/queue-export.ts';
import type { OutboxRelayOptions } from '../src/outbox/outbox-relay.ts';
import { createOutboxStore, type OutboxStore } from '../src/outbox/outbox-store.ts';
import { startOwnCluster, type OwnCluster } from './support/own-cluster.ts';
import { createRelays, openConnection, openQueue, type OpenQueue, type QueueUrls } from './support/relays.ts';
import { startProxy } from './support/start-proxy.ts';
import { createMigratedDatabase, type MigratedDatabase } from './support/test-database.ts';
import { waitForWaiting } from './support/wait-for-waiting.ts';

let db: MigratedDatabase;
let relays: ReturnType<typeof createRelays>;
let blocker: pg.Client;
beforeAll(async () => {
  db = await createMigratedDatabase();
  relays = createRelays(db);
  blocker = new pg.Client({ connectionString: db.superuserUrl });
  await blocker.connect();
});
afterAll(async () => {
  await blocker.end();
  await db.drop();
});
beforeEach(() => db.sql('DELETE FROM outbox'));

/** Time after which the claims of a killed relay or queue expire. */
const PUBLISHED_MS = 40_000;
const publishAll = async (publish: OutboxRelayOptions['publish']): Promise<void> => {
  const relay = relays.startRelay(publish);
  await relays.allPublished(PUBLISHED_MS);
  await relay.stop();
};
const relayProcess = new URL('fixtures/relay-process.ts', import.meta.url).pathname;
const endSessions = async (): Promise<void> => {
  await db.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'aion-database-gateway requests' AND datname = current_database()`,
  );
};

/** Runs a statement on the outbox, and terminates its session while it waits for a lock. */
async function endWithin<T>(run: () => Promise<T>): Promise<T> {
  // `relays.allPublished` continues to poll.
  await blocker.query('BEGIN; LOCK TABLE outbox IN EXCLUSIVE MODE');
  const running = run();
  running.catch(() => undefined); // Returned to the caller below.
  try {
    await waitForWaiting(db, 1);
    await endSessions();
  } finally {
    await blocker.query('COMMIT');
  }
  return running;
}

const SESSION_STEPS = [
  'before the claim',
  'within the claim',
  'after the claim',
  'after the publication',
  'within the acknowledgement',
  'after the acknowledgement',
];

/** Failure that occurs once, next to a step or within it. */
interface Disturbance {
  readonly beside: () => Promise<void>;
  readonly within: <T>(run: () => Promise<T>) => Promise<T>;
}

/** Creates an outbox store and a publish function that fail once, at a step. */
function disturbAt(step: string, publishRow: OutboxRelayOptions['publish'], { beside, within }: Disturbance) {
  const store = createOutboxStore(db.database);
  let isDone = false;
  const isNow = (name: string): boolean => {
    if (step !== name || isDone) return false;
    return (isDone = true);
  };
  const outbox: OutboxStore = {
    ...store,
    claim: async (maxRows, claimMs) => {
      if (isNow('before the claim')) await beside();
      const claim = () => store.claim(maxRows, claimMs);
      return isNow('within the claim') ? within(claim) : claim();
    },
    markPublished: async (id) => {
      const mark = () => store.markPublished(id);
      await (isNow('within the acknowledgement') ? within(mark) : mark());
      if (isNow('after the acknowledgement')) await beside();
    },
  };
  const publish: OutboxRelayOptions['publish'] = async (row) => {
    if (isNow('after the claim')) await beside();
    const publishNow = () => publishRow(row);
    await (isNow('within the publication') ? within(publishNow) : publishNow());
    if (isNow('after the publication')) await beside();
  };
  return { outbox, publish, isDone: () => isDone };
}

const QUEUE_STEPS = [
  'before the claim',
  'after the claim',
  'within the publication',
  'after the publication',
  'after the acknowledgement',
];
/** Each step as often as `AION_TEST_EFFORT` requests. */
const REPEATED_STEPS = Array.from({ length: Number(process.env['AION_TEST_EFFORT'] ?? 1) }, () => QUEUE_STEPS).flat();
/** Long enough for the relay to detect the outage of the queue. */
const QUEUE_AWAY_MS = 500;

/** Server of a queue that can be killed, and restarted with its data. */
interface QueueServer {
  readonly urls: QueueUrls;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

function describeKillsOf(server: () => QueueServer): void {
  it.each(REPEATED_STEPS)(
    'runs the job of each row once when the queue is killed %s',
    async (step) => {
      const { urls, kill, start } = server();
      const { queue, backend, close } = await openQueue(urls);
      const asked = [await relays.request(), await relays.request()];
      let back: Promise<void> | undefined;
      const beside = async (): Promise<void> => {
        await kill();
        back = sleep(QUEUE_AWAY_MS).then(start);
      };
      const { outbox, publish } = disturbAt(step, queue.publish, {
        beside,
        within: async (run) => {
          const running = run();
          running.catch(() => undefined); // Returned to the caller below.
          await beside();
          return running;
        },
      });
      const relay = relays.startRelay(publish, { outbox, claimMs: 1_000 });
      try {
        await relays.allPublished(PUBLISHED_MS);
        // The rows are published before the kill that follows the acknowledgement.
        await waitFor(() => back !== undefined, { describe: 'the kill of the queue' });
        await back;
      } finally {
        await relay.stop();
      }
      const runs: string[] = [];
      const worker = backend.worker(runExportJob, (payload) => {
        runs.push(payload.export_id);
        return Promise.resolve({ status: 'completed' });
      });
      // Jobs that wait already run before this one.
      asked.push(await relays.request());
      await publishAll(queue.publish);
      await waitFor(() => runs.includes(asked[2] ?? ''), { describe: 'the last job to run', timeoutMs: 40_000 });
      await worker.close();
      await close();
      expect(runs.toSorted()).toEqual(asked.toSorted());
    },
    120_000,
  );
}

function describeKillsOn(backendUrls: () => QueueUrls): void {
  let open: OpenQueue;
  const waiting = async () => (await open.backend.queue(runExportJob).counts()).waiting;

  beforeAll(async () => {
    open = await openQueue(backendUrls());
  });
  afterAll(() => open.close());

  it.each(['before the claim', 'after the claim', 'after the publication', 'after the acknowledgement'])(
    'runs the job of a row once when its relay was killed %s',
    async (step) => {
      const { redisUrl = '', postgresUrl = '' } = backendUrls();
      const id = await relays.request();
      const runs: string[] = [];
      const worker = open.backend.worker(runExportJob, (payload) => {
        runs.push(payload.export_id);
        return Promise.resolve({ status: 'completed' });
      });
      await worker.ready();
      const killed = await startProcess({
        args: [relayProcess, db.appUrl, redisUrl, postgresUrl, step],
        env: { NODE_OPTIONS: '' },
        ready: (output) => output.includes(`stopped ${step}`),
        readyTimeoutMs: 40_000,
      });
      const isTaken = step.endsWith('publication') || step.endsWith('acknowledgement');
      if (isTaken) await waitFor(() => runs.includes(id), { describe: 'the job to run', timeoutMs: 40_000 });
      expect((await killed.stop('SIGKILL')).signal).toBe('SIGKILL');
      expect(await relays.unpublished()).toHaveLength(step === 'after the acknowledgement' ? 0 : 1);
      await publishAll(open.queue.publish);
      // Jobs that wait already, of this test or another, run before this one.
      const last = await relays.request();
      await publishAll(open.queue.publish);
      await waitFor(() => runs.includes(last), { describe: 'a later job to run', timeoutMs: 40_000 });
      await worker.close();
      expect(runs.filter((run) => run === id)).toHaveLength(1);
    },
    120_000,
  );

  it.each(SESSION_STEPS)(
    'loses no row and creates no second job when the sessions of the relay are terminated %s',
    async (step) => {
      const before = await waiting();
      await relays.request();
      await relays.request();
      const { outbox, publish, isDone } = disturbAt(step, open.queue.publish, {
        beside: endSessions,
        within: endWithin,
      });
      const relay = relays.startRelay(publish, { outbox, claimMs: 500 });
      await relays.allPublished(PUBLISHED_MS);
      await relay.stop();
      expect([isDone(), (await waiting()) - before]).toEqual([true, 2]);
    },
    60_000,
  );

  it('creates one job for a row that the queue accepted when its connection was lost before the row was settled', async () => {
    const urls = backendUrls();
    const url = new URL(urls.redisUrl ?? urls.postgresUrl ?? '');
    const target = { host: url.hostname, port: Number(url.port) };
    const port = await freePort();
    const through = Object.assign(new URL(url), { port: String(port) }).href;
    let proxy = await startProxy(port, target);
    const cut = await openConnection({
      redisUrl: urls.redisUrl === undefined ? undefined : through,
      postgresUrl: urls.redisUrl === undefined ? through : undefined,
    });
    const before = await waiting();
    const id = await relays.request();
    const published: string[] = [];
    const relay = relays.startRelay(
      async (row) => {
        published.push(row.dedupeKey);
        await cut.publish(row);
        if (published.length > 1) return;
        // The job exists, but the relay gets a connection error.
        await proxy.stop();
        throw new Error('the connection was lost');
      },
      { claimMs: 1_000 },
    );
    try {
      await waitFor(() => published.length >= 2, { describe: 'the row to be published again' });
      expect([await waiting(), (await relays.unpublished()).length]).toEqual([before + 1, 1]);
      proxy = await startProxy(port, target);
      await relays.allPublished(PUBLISHED_MS);
      expect(new Set(published)).toEqual(new Set([exportJobId(id, 1)]));
      expect(await waiting()).toBe(before + 1);
    } finally {
      await relay.stop();
      await cut.close();
      await proxy.stop();
    }
  }, 90_000);
}

describe('outbox with a queue on PostgreSQL', () => {
  let queueDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    queueDatabase = await createTestDatabase();
  });
  afterAll(() => queueDatabase.drop());
  describeKillsOn(() => ({ redisUrl: undefined, postgresUrl: queueDatabase.url }));

  describe('on a separate server', () => {
    let cluster: OwnCluster;
    beforeAll(async () => {
      cluster = await startOwnCluster();
    }, 60_000);
    afterAll(() => cluster.remove());
    describeKillsOf(() => ({
      urls: { redisUrl: undefined, postgresUrl: cluster.queueUrl },
      kill: () => cluster.stop('immediate'),
      start: () => cluster.start(),
    }));
  });
});

describeWithProgram('redis-server', 'with a queue on Redis, the outbox', (redisServer) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis(redisServer);
  });
  afterAll(() => redis.stop());
  describeKillsOn(() => ({ redisUrl: redis.url, postgresUrl: undefined }));

  describe('with a file for its jobs', () => {
    let dir: string;
    let kept: TestRedis;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'aion-outbox-redis-'));
      kept = await startRedis(redisServer, { dir });
    });
    afterAll(async () => {
      await kept.stop();
      await rm(dir, { recursive: true, force: true });
    });
    describeKillsOf(() => ({
      urls: { redisUrl: kept.url, postgresUrl: undefined },
      kill: () => kept.stop('SIGKILL'),
      start: async () => {
        kept = await startRedis(redisServer, { dir, port: kept.port });
      },
    }));
  });
});
