import { setTimeout as sleep } from 'node:timers/promises';
import { ClientClosedRequestError } from '@aion/errors';
import { freePort } from '@aion/testkit';
import { createConnectionPool, type ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase, type Database } from '../src/database/database.ts';
import { createPoolInstruments } from '../src/database/pool-instruments.ts';
import { startProxy, type Proxy } from './support/start-proxy.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

const STATEMENT_TIMEOUT_MS = 500;
/** Time that the pool adds to the statement timeout of the server before it gives up. */
const READ_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
const PID = { table: 'pg_catalog', text: 'SELECT pg_backend_pid() AS pid' } as const;

let db: MigratedDatabase;
let tenantId: string;
let proxy: Proxy;
let pool: ConnectionPool;
let database: Database;

beforeAll(async () => {
  db = await createMigratedDatabase();
  ({ tenantId } = await createTestTenant(db.database));
  const { hostname: host, port: target } = new URL(db.appUrl);
  const port = await freePort();
  proxy = await startProxy(port, { host, port: Number(target) });
  const url = new URL(db.appUrl);
  [url.hostname, url.port] = ['127.0.0.1', String(port)];
  pool = createConnectionPool({
    name: 'requests',
    url: url.href,
    maxConnections: 4,
    waitMs: 1_000,
    maxWaiting: 2,
    logger: silentLogger,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    instruments: createPoolInstruments(noMetrics),
  });
  database = createDatabase({ pool, metrics: noMetrics, logger: silentLogger });
});
afterAll(async () => {
  await pool.close();
  await proxy.stop();
  await db.drop();
});

const pidsOf = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const [row] = await database.query<{ pid: number }>(PID);
      return row?.pid;
    }),
  );

describe('database server that stops answering', () => {
  it('fails waiting callers at the time limit, and none of its connections is reused', async () => {
    const begun = Promise.withResolvers<undefined>();
    const silent = Promise.withResolvers<undefined>();
    const inTransaction = database.withTenant(tenantId, async (transaction) => {
      await transaction.query(PID);
      begun.resolve(undefined);
      await silent.promise;
      await transaction.query(PID);
    });
    await begun.promise;
    const before = await pidsOf(3);
    expect(new Set(before).size).toBe(3);
    proxy.silence();
    silent.resolve(undefined);
    const startedAt = performance.now();
    const leaving = new AbortController();
    const failed = Promise.all([
      expect(inTransaction).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
      expect(database.query(PID)).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
      expect(database.withPlatform(() => Promise.resolve())).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
      // The caller gets its own reason; the missing answer of the server must be recorded nevertheless.
      expect(database.query(PID, { signal: leaving.signal })).rejects.toThrow(ClientClosedRequestError),
    ]);
    await sleep(100);
    leaving.abort(new ClientClosedRequestError('The client closed the connection.'));
    await failed;
    // No ROLLBACK waits for the time limit again.
    expect(performance.now() - startedAt).toBeLessThan(1.6 * READ_TIMEOUT_MS);
    const after = await pidsOf(4);
    expect(new Set(after).size).toBe(4);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  }, 30_000);
});
