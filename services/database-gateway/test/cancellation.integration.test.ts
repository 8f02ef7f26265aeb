import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { ClientClosedRequestError } from '@aion/errors';
import { createMetrics, type Metrics } from '@aion/metrics';
import { createTestDatabase, waitFor } from '@aion/testkit';
import pg from 'pg';
import { createConnectionPool, type ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase, type Database, type TenantTransaction } from '../src/database/database.ts';
import { createPoolInstruments } from '../src/database/pool-instruments.ts';
import { operatorFor } from './support/management.ts';
import { startGateway } from './support/start-gateway.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let tenantId: string;
let metrics: Metrics;
let pool: ConnectionPool;
let database: Database;
/** Pool of the fixtures of the test. */
let others: number[];

beforeAll(async () => {
  db = await createMigratedDatabase();
  ({ tenantId } = await createTestTenant(db.database));
  others = [];
  others = (await sessions()).map((row) => row.pid);
});
afterAll(() => db.drop());
beforeEach(() => {
  metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  pool = createPool();
  database = createDatabase({ pool, metrics, logger: silentLogger });
});
afterEach(() => pool.close());

function createPool(options: { maxWaiting?: number; statementTimeoutMs?: number; idleTransactionMs?: number } = {}) {
  return createConnectionPool({
    name: 'requests',
    url: db.appUrl,
    maxConnections: 1,
    waitMs: 10_000,
    maxWaiting: 2,
    statementTimeoutMs: 60_000,
    logger: silentLogger,
    instruments: createPoolInstruments(metrics),
    ...options,
  });
}

const SLEEP = { table: 'pg_catalog', text: 'SELECT pg_sleep(50)' } as const;
const PID = { table: 'pg_catalog', text: 'SELECT pg_backend_pid() AS pid' } as const;
const rename = (transaction: TenantTransaction) =>
  transaction.query({
    table: 'api_keys',
    text: `UPDATE api_keys SET name = 'renamed' WHERE tenant_id = $1`,
    values: [tenantId],
  });
const renamed = () => db.sql(`SELECT 1 FROM api_keys WHERE name = 'renamed'`);
/** Reads the activity of the sessions of the pool from PostgreSQL. */
const sessions = () =>
  db.sql<{ pid: number; state: string; query: string }>(
    `SELECT pid, state, query FROM pg_stat_activity
     WHERE application_name = 'aion-database-gateway requests' AND datname = current_database() AND pid <> ALL ($1)`,
    [others],
  );
const sleeping = () =>
  waitFor(async () => (await sessions()).find((row) => row.state === 'active' && row.query === SLEEP.text), {
    describe: 'the statement to run',
  });
const errorsOf = async (error: string) => {
  const line = `db_query_errors_total{operation="SELECT",table="pg_catalog",error="${error}"} `;
  const { body } = await metrics.exposition();
  return Number(
    body
      .split('\n')
      .find((candidate) => candidate.startsWith(line))
      ?.slice(line.length),
  );
};

describe('disconnect of a caller', () => {
  it('cancels its statement, rolls back its transaction, and leaves a working connection', async () => {
    const leaving = new AbortController();
    const running = database.withTenant(
      tenantId,
      async (transaction) => {
        await rename(transaction);
        await transaction.query(SLEEP);
      },
      { signal: leaving.signal },
    );
    const failed = expect(running).rejects.toThrow(ClientClosedRequestError);
    const { pid } = await sleeping();
    leaving.abort(new ClientClosedRequestError('The client closed the connection.'));
    await failed;
    // Its only session is idle, without a transaction, and serves the next caller.
    expect(await sessions()).toEqual([{ pid, state: 'idle', query: 'ROLLBACK' }]);
    expect(await renamed()).toEqual([]);
    expect(await database.query<{ pid: number }>(PID)).toEqual([{ pid }]);
    expect([await errorsOf('cancelled'), await errorsOf('timeout')]).toEqual([1, 0]);
  });

  it('cancels a statement outside of transactions', async () => {
    const leaving = new AbortController();
    const failed = expect(database.query(SLEEP, { signal: leaving.signal })).rejects.toThrow('gone');
    const { pid } = await sleeping();
    leaving.abort(new Error('gone'));
    await failed;
    expect(await database.query<{ pid: number }>(PID)).toEqual([{ pid }]);
  });

  it('prevents further statements of its transaction and the commit', async () => {
    for (const last of [(transaction: TenantTransaction) => transaction.query(PID), () => Promise.resolve([])]) {
      const leaving = new AbortController();
      const running = database.withTenant(
        tenantId,
        async (transaction) => {
          await rename(transaction);
          leaving.abort(new Error('gone'));
          return last(transaction);
        },
        { signal: leaving.signal },
      );
      await expect(running).rejects.toThrow('gone');
    }
    expect(await renamed()).toEqual([]);
  });

  it('removes it from the queue for connections, and the next callers are served', async () => {
    const held = await pool.connect();
    const leaving = new AbortController();
    const gone = expect(database.query(PID, { signal: leaving.signal })).rejects.toThrow('gone');
    const next = database.query(PID);
    expect((await metrics.exposition()).body).toMatch(/^db_connections_pending\{pool="requests"\} 2$/m);
    leaving.abort(new Error('gone'));
    await gone;
    expect((await metrics.exposition()).body).toMatch(/^db_connections_pending\{pool="requests"\} 1$/m);
    held.release();
    expect(await next).toHaveLength(1);
  });
});

describe('disconnect of an HTTP client', () => {
  it('cancels its query in PostgreSQL', async () => {
    const queueDatabase = await createTestDatabase();
    const gateway = await startGateway({
      DATABASE_URL: db.appUrl,
      AION_MIGRATION_DATABASE_URL: db.ownerUrl,
      AION_QUEUE_DATABASE_URL: queueDatabase.url,
    });
    const ping = () => gateway.client.call(internalRoutes.ping.databaseGateway, {});
    await waitFor(ping, { describe: 'the queue to be open' });
    const blocker = new pg.Client({ connectionString: db.superuserUrl });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE');
    const leaving = new AbortController();
    const caller = operatorFor(tenantId);
    const listed = gateway.client.call(internalRoute(routes.apiKeys.list), {
      query: {},
      caller,
      signal: leaving.signal,
    });
    const failed = expect(listed).rejects.toThrow();
    const waiting = () =>
      db.sql(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE '%FROM api_keys%'`,
      );
    await waitFor(async () => (await waiting()).length === 1, { describe: 'the query to wait for the lock' });
    leaving.abort();
    await failed;
    // The lock is still held, and no time limit has been reached.
    await waitFor(async () => (await waiting()).length === 0, { describe: 'the query to end', timeoutMs: 8_000 });
    await blocker.end();
    await gateway.stop();
    await queueDatabase.drop();
  });
});

describe('connection pool', () => {
  it('rejects callers immediately when too many wait, and counts them', async () => {
    const held = await pool.connect();
    const waiting = [database.query(PID), database.query(PID)];
    await expect(database.query(PID)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    held.release();
    expect(await Promise.all(waiting)).toHaveLength(2);
    const { body } = await metrics.exposition();
    expect(body).toMatch(/^db_connection_rejections_total\{pool="requests"\} 1$/m);
    expect(body).toMatch(/^db_connection_timeouts_total\{pool="requests"\} 0$/m);
  });

  it('ends a statement that takes too long and a transaction that is idle too long, and continues', async () => {
    await pool.close();
    pool = createPool({ statementTimeoutMs: 200, idleTransactionMs: 200 });
    database = createDatabase({ pool, metrics, logger: silentLogger });
    await expect(database.query(SLEEP)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await errorsOf('timeout')).toBe(1);
    const idle = database.withTenant(tenantId, async (transaction) => {
      await rename(transaction);
      const { pid } = (await sessions())[0] ?? { pid: 0 };
      await waitFor(async () => (await sessions()).every((row) => row.pid !== pid), { describe: 'the session to end' });
      return transaction.query(PID);
    });
    await expect(idle).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await renamed()).toEqual([]);
    expect(await database.query(PID)).toHaveLength(1);
  });
});
