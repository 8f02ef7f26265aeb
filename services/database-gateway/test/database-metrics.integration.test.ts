import { UnavailableError } from '@aion/errors';
import { createMetrics, type Metrics } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import { createConnectionPool, type ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase, type Database } from '../src/database/database.ts';
import { createPoolInstruments, type PoolInstruments } from '../src/database/pool-instruments.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let metrics: Metrics;
let instruments: PoolInstruments;
let pool: ConnectionPool;
let database: Database;

beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());
beforeEach(() => {
  metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  instruments = createPoolInstruments(metrics);
  pool = createPool();
  database = createDatabase({ pool, metrics, logger: silentLogger, slowQueryMs: 2_000 });
});
afterEach(() => pool.close());

function createPool(maxConnections = 2, waitMs = 10_000): ConnectionPool {
  return createConnectionPool({
    name: 'requests',
    url: db.appUrl,
    maxConnections,
    waitMs,
    maxWaiting: 1,
    statementTimeoutMs: 10_000,
    logger: silentLogger,
    instruments,
  });
}

/** Reads the value of a series by its complete name. */
async function valueOf(series: string): Promise<number | undefined> {
  const { body } = await metrics.exposition();
  const line = body.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const WAIT_SUM = 'db_connection_wait_seconds_sum{pool="requests"}';
const probe = (text: string) => database.query({ table: 'pg_catalog', text });
const raise = (sqlstate: string) => probe(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${sqlstate}'; END $$`);

describe('database metrics', () => {
  it('are initialized at zero', async () => {
    const { body } = await metrics.exposition();
    const series = body.split('\n').filter((line) => /^db_(query_errors|slow_queries|transactions)_total\{/.test(line));
    expect(series.length).toBeGreaterThan(200);
    expect(series.filter((line) => !line.endsWith(' 0'))).toEqual([]);
    for (const name of [
      'db_slow_queries_total{operation="SELECT",table="generations"}',
      'db_query_errors_total{operation="INSERT",table="outbox",error="timeout"}',
      'db_query_errors_total{operation="COPY",table="tenants",error="connection"}',
      'db_transactions_total{outcome="rollback"}',
      'db_query_duration_seconds_count{operation="SELECT",table="generations"}',
      'db_transaction_duration_seconds_count{outcome="rollback"}',
      'db_connection_timeouts_total{pool="exports"}',
      'db_connection_wait_seconds_count{pool="exports"}',
    ]) {
      expect([name, await valueOf(name)]).toEqual([name, 0]);
    }
  });

  it('count slow queries, and no fast ones', async () => {
    const series = 'db_slow_queries_total{operation="SELECT",table="pg_catalog"}';
    await probe('SELECT 1');
    expect(await valueOf(series)).toBe(0);
    await probe('SELECT pg_sleep(2.1)');
    expect(await valueOf(series)).toBe(1);
    expect(await valueOf('db_query_duration_seconds_count{operation="SELECT",table="pg_catalog"}')).toBe(2);
  });

  it('distinguish unique violations, serialization failures and other errors', async () => {
    for (const sqlstate of ['23505', '40001', '40P01', '22012']) await expect(raise(sqlstate)).rejects.toThrow();
    // A conflict is retried, and each run counts.
    for (const [error, runs] of Object.entries({ unique_violation: 1, serialization: 4, deadlock: 4, data: 1 })) {
      const series = `db_query_errors_total{operation="SELECT",table="pg_catalog",error="${error}"}`;
      expect([error, await valueOf(series)]).toEqual([error, runs]);
    }
  });

  it('measure transactions by outcome, in seconds', async () => {
    const { tenantId } = await createTestTenant(db.database);
    const transaction = (text: string) =>
      database.withTenant(tenantId, (tx) => tx.query({ table: 'generations', text }));
    const startedAt = performance.now();
    await transaction('SELECT 1 FROM generations');
    await expect(transaction('SELECT 1 / 0')).rejects.toThrow('division by zero');
    const elapsedSeconds = (performance.now() - startedAt) / 1_000;
    for (const outcome of ['commit', 'rollback']) {
      expect(await valueOf(`db_transactions_total{outcome="${outcome}"}`)).toBe(1);
      expect(await valueOf(`db_transaction_duration_seconds_count{outcome="${outcome}"}`)).toBe(1);
      expect(await valueOf(`db_transaction_duration_seconds_sum{outcome="${outcome}"}`)).toBeGreaterThan(0);
      expect(await valueOf(`db_transaction_duration_seconds_sum{outcome="${outcome}"}`)).toBeLessThan(elapsedSeconds);
    }
    for (const series of ['db_query_duration_seconds_sum{operation="SELECT",table="generations"}', WAIT_SUM]) {
      expect(await valueOf(series)).toBeLessThan(elapsedSeconds);
    }
  });

  it('count callers that got no connection in time', async () => {
    await pool.close();
    pool = createPool(2, 1_000);
    const held = [await pool.connect(), await pool.connect()];
    const late = pool.connect();
    late.catch(() => undefined); // Awaited below.
    expect(await valueOf('db_connections_pending{pool="requests"}')).toBe(1);
    expect(await valueOf('db_connections{pool="requests",state="active"}')).toBe(2);
    await expect(late).rejects.toThrow(UnavailableError);
    expect(await valueOf('db_connection_timeouts_total{pool="requests"}')).toBe(1);
    expect(await valueOf('db_connection_wait_seconds_count{pool="requests"}')).toBe(3);
    expect(await valueOf('db_connection_wait_seconds_bucket{le="0.5",pool="requests"}')).toBeLessThan(3);
    for (const client of held) client.release();
    expect(await valueOf('db_connections{pool="requests",state="idle"}')).toBe(2);
  });

  it('describe the current pool after it was created again', async () => {
    await probe('SELECT 1');
    await pool.close();
    pool = createPool(5);
    database = createDatabase({ pool, metrics, logger: silentLogger });
    await waitFor(() => probe('SELECT 1').then(() => true), { describe: 'the new pool' });
    expect(await valueOf('db_connections{pool="requests",state="idle"}')).toBe(1);
    expect(await valueOf('db_connections_max{pool="requests"}')).toBe(5);
    expect(await valueOf('db_connection_wait_seconds_count{pool="requests"}')).toBe(2);
    expect(await valueOf('db_query_duration_seconds_count{operation="SELECT",table="pg_catalog"}')).toBe(2);
  });
});
