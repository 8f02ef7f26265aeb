import { runExportJob, internalRoute, routes, internalRoutes } from '@aion/contracts';
import { AionError } from '@aion/errors';
import { createQueueBackend } from '@aion/queue';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { createDatabase } from '../src/database/database.ts';
import { runSql } from './support/bootstrapped-database.ts';
import { newGeneration, RECIPIENT } from './support/fixtures.ts';
import { holderOf } from './support/management.ts';
import { DATABASE, startOwnCluster, type OwnCluster } from './support/own-cluster.ts';
import { startGateway, type StartedGateway } from './support/start-gateway.ts';
import { createTestPool, createTestTenant, noMetrics, silentLogger } from './support/test-database.ts';

const CLIENTS = 12;
/** Longest duration of a request that a stopped server leaves without an answer. */
const TIMEOUT_MS = 10_000;

interface Tenant {
  readonly tenantId: string;
  readonly keyId: string;
}

let cluster: OwnCluster;
let gateway: StartedGateway;
let writer: Tenant;
/** Tenants that request one export each, because a tenant has one at a time. */
let exporters: Tenant[];
let load: Load;

beforeAll(async () => {
  // The queue is in the same cluster: it stops and restarts at the same time.
  cluster = await startOwnCluster();
  gateway = await startGateway({
    DATABASE_URL: cluster.databaseUrl,
    AION_MIGRATION_DATABASE_URL: cluster.migrationUrl,
    AION_QUEUE_DATABASE_URL: cluster.queueUrl,
    AION_DATABASE_POOL_SIZE: '6',
  });
  const pool = createTestPool(cluster.databaseUrl);
  const database = createDatabase({ pool, metrics: noMetrics, logger: silentLogger });
  writer = await createTestTenant(database);
  await pool.close();
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await cluster.remove();
});
afterEach(() => load.stop());

/** Continuous requests of clients, and their answers. */
interface Load {
  /** Ids of generations, and of exports, whose requests were answered with 2xx. */
  readonly accepted: { readonly generations: string[]; readonly exports: string[] };
  /** Answers to rejected requests. */
  readonly refusals: AionError[];
  stop(): Promise<void>;
}

/** Starts clients that write sequentially. Some of the requests are exports, each of another tenant. */
function startLoad(): Load {
  const accepted: Load['accepted'] = { generations: [], exports: [] };
  const refusals: AionError[] = [];
  let isStopped = false;
  const write = async (): Promise<void> => {
    const id = uuidv7();
    const body = newGeneration(writer);
    await gateway.client.call(internalRoutes.generations.open, {
      params: { generation_id: id },
      body,
      timeoutMs: TIMEOUT_MS,
    });
    accepted.generations.push(id);
  };
  const requestExport = async (tenant: Tenant): Promise<void> => {
    const sent = { body: { recipient: RECIPIENT }, caller: holderOf(tenant), timeoutMs: TIMEOUT_MS };
    const { answer } = await gateway.client.call(internalRoute(routes.exports.create), sent);
    accepted.exports.push(answer.id);
  };
  const client = async (): Promise<void> => {
    for (let turn = 1; !isStopped; turn++) {
      const tenant = turn % 20 === 0 ? exporters.pop() : undefined;
      await (tenant === undefined ? write() : requestExport(tenant)).catch(async (error: unknown) => {
        if (!(error instanceof AionError)) throw error;
        // A rejected export may be requested again.
        if (tenant !== undefined) exporters.unshift(tenant);
        refusals.push(error);
        // Like a client that honours Retry-After, but sooner.
        await new Promise((resolve) => setTimeout(resolve, 20));
      });
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    accepted,
    refusals,
    stop: async () => {
      isStopped = true;
      await clients;
    },
  };
}

const readyz = async () => (await fetch(`${gateway.adminUrl}/readyz`)).status;
const ids = async (text: string, values: unknown[]) =>
  (await runSql<{ id: string }>(cluster.superuserUrl(DATABASE), text, values)).map(({ id }) => id).toSorted();

describe.each(['fast', 'immediate'] as const)('restart of PostgreSQL under load, %s', (mode) => {
  beforeAll(async () => {
    const pool = createTestPool(cluster.databaseUrl);
    const database = createDatabase({ pool, metrics: noMetrics, logger: silentLogger });
    exporters = [];
    for (let i = 0; i < 40; i++) exporters.push(await createTestTenant(database));
    await pool.close();
  }, 60_000);

  it('is answered with 503, blocks no request, and loses no accepted row', async () => {
    load = startLoad();
    const { accepted, refusals } = load;
    const isAccepting = (more: number) => {
      const until = accepted.generations.length + more;
      return waitFor(() => accepted.generations.length >= until, { describe: 'writes to be accepted' });
    };
    await isAccepting(300);
    expect(refusals).toEqual([]);
    await cluster.stop(mode);
    await waitFor(() => refusals.length >= 5 * CLIENTS, { describe: 'every client to be refused' });
    expect(await readyz()).toBe(503);
    await cluster.start();
    await isAccepting(300);
    await load.stop();

    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    await waitFor(async () => (await readyz()) === 200, { describe: 'readiness' });
    await gateway.client.call(internalRoutes.ping.databaseGateway, {});
    const { generations, exports } = accepted;
    expect(await ids('SELECT id FROM generations WHERE id = ANY ($1)', [generations])).toEqual(generations.toSorted());
    expect(exports.length).toBeGreaterThan(0);
    expect(await ids('SELECT id FROM export_jobs WHERE id = ANY ($1)', [exports])).toEqual(exports.toSorted());
  }, 60_000);

  it('is followed by one job for each export, and by a connected listener', async () => {
    const count = async (text: string) =>
      (await runSql<{ count: number }>(cluster.superuserUrl(DATABASE), `SELECT count(*)::int ${text}`))[0]?.count;
    const backend = await createQueueBackend({ postgresUrl: cluster.queueUrl, logger: silentLogger });
    const published = () => count('FROM outbox WHERE published_at IS NULL');
    await waitFor(async () => (await published()) === 0, { describe: 'the outbox to be published', timeoutMs: 40_000 });
    expect((await backend.queue(runExportJob).counts()).waiting).toBe(await count('FROM outbox'));
    await backend.close();
    const listening = () => count(`FROM pg_stat_activity WHERE query = 'LISTEN aion_outbox' AND state = 'idle'`);
    await waitFor(async () => (await listening()) === 1, { describe: 'the listener of the relay' });
  }, 60_000);
});
