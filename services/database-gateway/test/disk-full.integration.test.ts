import { randomBytes } from 'node:crypto';
import { internalRoutes } from '@aion/contracts';
import { AionError } from '@aion/errors';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { createDatabase } from '../src/database/database.ts';
import { runSql } from './support/bootstrapped-database.ts';
import { newGeneration } from './support/fixtures.ts';
import { putOnFullDisk, type FullDisk } from './support/full-disk.ts';
import { DATABASE, startOwnCluster, type OwnCluster } from './support/own-cluster.ts';
import { startGateway, type StartedGateway } from './support/start-gateway.ts';
import { createTestPool, createTestTenant, noMetrics, silentLogger } from './support/test-database.ts';

/** Incompressible content: a few rows need another page. */
const CONTENT_BYTES = 20_000;

let cluster: OwnCluster;
let disk: FullDisk;
let gateway: StartedGateway;
let tenant: { tenantId: string; keyId: string; prefix: string };
/** Accepted writes: ids of generations, and their requests. */
const accepted = new Map<string, string>();

beforeAll(async () => {
  cluster = await startOwnCluster();
  disk = await putOnFullDisk(cluster);
  gateway = await startGateway({
    DATABASE_URL: cluster.databaseUrl,
    AION_MIGRATION_DATABASE_URL: cluster.migrationUrl,
    AION_QUEUE_DATABASE_URL: cluster.queueUrl,
  });
  const pool = createTestPool(cluster.databaseUrl);
  tenant = await createTestTenant(createDatabase({ pool, metrics: noMetrics, logger: silentLogger }));
  await pool.close();
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await cluster.remove();
  await disk.remove();
});

/** Writes one generation with its content; returns the error if it was rejected. */
async function write(): Promise<AionError | undefined> {
  const id = uuidv7();
  const prompt = randomBytes(CONTENT_BYTES / 2).toString('hex');
  try {
    const body = newGeneration(tenant, { prompt });
    await gateway.client.call(internalRoutes.generations.open, { params: { generation_id: id }, body });
    accepted.set(id, prompt);
    return undefined;
  } catch (error) {
    if (error instanceof AionError) return error;
    throw error;
  }
}

const sql = <R extends Record<string, unknown>>(text: string) => runSql<R>(cluster.superuserUrl(DATABASE), text);
const isServing = () =>
  waitFor(
    () =>
      gateway.client
        .call(internalRoutes.apiKeys.find, { params: { prefix: tenant.prefix } })
        .then((key) => key.id === tenant.keyId),
    { describe: 'requests that read to be served' },
  );

describe('full disk', () => {
  it('is reported to writers and does not affect readers; writes succeed again when space is free', async () => {
    await disk.fill();
    await isServing();
    const refusal = await waitFor(write, { describe: 'a write to be refused', intervalMs: 1 });
    expect(refusal).toMatchObject({
      code: 'UNAVAILABLE',
      status: 503,
      retryAfterSeconds: 30,
      message: 'The database has no space left on its disk.',
    });
    const { body } = await gateway.metrics.exposition();
    expect(body).toMatch(/^db_query_errors_total\{operation="INSERT",table="generation\w*",error="disk_full"\} [1-9]/m);
    await isServing();
    await disk.free();
    await isServing();
    for (let i = 0; i < 20; i++) expect(await write()).toBeUndefined();
  }, 60_000);

  it('corrupts nothing: all accepted rows exist, and tables and indexes are valid, also after a crash', async () => {
    await cluster.stop('immediate');
    await cluster.start();
    const rows = await sql<{ id: string; request: { prompt: string } }>(
      'SELECT g.id, c.request FROM generations g JOIN generation_contents c ON c.generation_id = g.id',
    );
    const found = new Map(rows.map(({ id, request }) => [id, request.prompt]));
    for (const [id, prompt] of accepted) expect(found.get(id) === prompt).toBe(true);
    await sql('CREATE EXTENSION amcheck');
    const faults = await sql(
      `SELECT c.relname, fault.msg FROM pg_class c, verify_heapam(c.oid) fault
       WHERE c.relkind IN ('r', 't') AND c.relpersistence = 'p'`,
    );
    expect(faults).toEqual([]);
    const checked = await sql(
      `SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         JOIN pg_am am ON am.oid = c.relam
       WHERE am.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid`,
    );
    expect(checked.length).toBeGreaterThan(100);
  }, 60_000);
});
