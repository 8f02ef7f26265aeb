import { readdir } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { createLogger } from '@aion/logging';
import { freePort, startProcess, waitFor } from '@aion/testkit';
import pg from 'pg';
import { assertConfinedRole } from '../src/database/assert-confined-role.ts';
import { createDatabase } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate.ts';
import { waitForDatabase } from '../src/database/wait-for-database.ts';
import { MIGRATIONS } from '../src/migrations/index.ts';
import { createBootstrappedDatabase, runSql } from './support/bootstrapped-database.ts';
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  noMetrics,
  silentLogger,
  urlAs,
  type MigratedDatabase,
} from './support/test-database.ts';

const names = MIGRATIONS.map((migration) => migration.name);

describe('bootstrap', () => {
  it('creates confined roles that own their databases, and can run again and concurrently', async () => {
    const db = await createBootstrappedDatabase();
    const results = await Promise.all([db.bootstrap(), db.bootstrap(), db.bootstrap()]);
    expect(results[0]).toEqual({ databaseUrl: db.databaseUrl, migrationUrl: db.migrationUrl, queueUrl: db.queueUrl });
    const roles = await runSql(
      db.superuserUrl,
      `SELECT rolname::text, rolcanlogin, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole AS mighty
       FROM pg_roles WHERE rolname LIKE 'aion\\_%' ORDER BY 1`,
    );
    expect(roles).toEqual(
      ['aion_app', 'aion_owner', 'aion_queue'].map((rolname) => ({ rolname, rolcanlogin: true, mighty: false })),
    );
    await runSql(db.queueUrl, 'CREATE SCHEMA bullmq');
    await runSql(db.migrationUrl, 'CREATE TABLE scratch (id int); DROP TABLE scratch');
    await expect(runSql(db.databaseUrl, 'CREATE TABLE scratch (id int)')).rejects.toThrow('permission denied');
    await expect(runSql(db.queueUrl.replace(/_queue$/, ''), 'SELECT 1')).rejects.toThrow('permission denied');
    await db.drop();
  });
});

describe('migrations', () => {
  it('match the files of their folder, ordered by name', async () => {
    const files = await readdir(new URL('../src/migrations/', import.meta.url));
    const fileNames = files.filter((file) => /^\d{14}_/.test(file)).map((file) => file.replace(/\.ts$/, ''));
    expect(names).toEqual(fileNames.toSorted());
  });

  it('run once when several processes start concurrently', async () => {
    const db = await createBootstrappedDatabase();
    const script = new URL('fixtures/migrate-process.ts', import.meta.url).pathname;
    // Blocks all of them at the same point, and releases them at the same moment.
    const holder = new pg.Client({ connectionString: db.migrationUrl });
    await holder.connect();
    await holder.query(`SELECT pg_advisory_lock(hashtextextended('aion-migrations', 0))`);
    const processes = await Promise.all(
      [1, 2, 3].map(() => startProcess({ args: [script, db.migrationUrl], env: { NODE_OPTIONS: '' } })),
    );
    const waiting = `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
      WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`;
    await waitFor(async () => (await holder.query(waiting)).rowCount === 3, {
      describe: 'three waiting processes',
      // Three concurrent cold starts.
      timeoutMs: 30_000,
    });
    await holder.end();
    const exits = await Promise.all(processes.map((process) => process.exited));
    expect([exits.map((exit) => exit.code), processes.map((process) => process.output())]).toEqual([
      [0, 0, 0],
      expect.arrayContaining([`${JSON.stringify(names)}\n`, '[]\n', '[]\n']),
    ]);
    await db.drop();
  }, 90_000);

  it('run after a process was killed while it held the lock of knex', async () => {
    const db = await createBootstrappedDatabase();
    await migrate({ url: db.migrationUrl, logger: silentLogger });
    await runSql(db.migrationUrl, 'UPDATE schema_migrations_lock SET is_locked = 1');
    expect(await migrate({ url: db.migrationUrl, logger: silentLogger })).toEqual([]);
    await db.drop();
  });

  it('end the service with exit code 1 and the fix when an earlier development version created the schema', async () => {
    const db = await createBootstrappedDatabase();
    await runSql(
      db.migrationUrl,
      `CREATE TABLE schema_migrations (name text); INSERT INTO schema_migrations VALUES ('20261123180000_tenants')`,
    );
    const service = await startProcess({
      args: [new URL('../src/main.ts', import.meta.url).pathname],
      env: {
        NODE_OPTIONS: '',
        PORT: '0',
        AION_ADMIN_PORT: String(await freePort()),
        AION_SERVICE_TOKEN_SECRET: 'x'.repeat(32),
        REDIS_URL: undefined,
        DATABASE_URL: db.databaseUrl,
        AION_MIGRATION_DATABASE_URL: db.migrationUrl,
        AION_QUEUE_DATABASE_URL: db.queueUrl,
      },
    });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.output()).toMatch(/Service failed to start.*cannot be upgraded.*`pnpm demo --reset`/);
    await db.drop();
  }, 60_000);
});

describe('waitForDatabase', () => {
  it('logs that it waits, stops when it is aborted, and rejects a wrong password immediately', async () => {
    const stream = new PassThrough();
    const logger = createLogger({ service: 'test', level: 'info', format: 'json', stream });
    const stopping = new AbortController();
    const url = `postgresql://aion_owner:x@127.0.0.1:${await freePort()}/aion`;
    const waiting = waitForDatabase({ url, logger, signal: stopping.signal });
    const line = await waitFor(() => stream.read() as Buffer | null, { describe: 'a log line' });
    expect(line.toString()).toContain('PostgreSQL not available');
    stopping.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow();

    const db = await createBootstrappedDatabase();
    const wrong = new URL(db.migrationUrl);
    wrong.password = 'wrong';
    const signal = AbortSignal.timeout(5_000);
    await expect(waitForDatabase({ url: wrong.href, logger, signal })).rejects.toThrow(
      'password authentication failed',
    );
    await waitForDatabase({ url: db.migrationUrl, logger, signal });
    await db.drop();
  });
});

describe('roles of the database', () => {
  let db: MigratedDatabase;
  beforeAll(async () => {
    db = await createMigratedDatabase();
  });
  afterAll(() => db.drop());

  it.each([
    ['change the audit trail', 'UPDATE audit_events SET actor = $$nobody$$'],
    ['delete from the audit trail', 'DELETE FROM audit_events'],
    ['empty the audit trail', 'TRUNCATE audit_events'],
    ['delete generations', 'DELETE FROM generations'],
    ['change the scopes of a key', 'UPDATE api_keys SET scopes = $${inference}$$'],
    ['settle outbox rows without a function', 'UPDATE outbox SET published_at = now()'],
    ['change files of a bundle', 'UPDATE export_files SET key = $$x$$'],
    ['disable row-level security', 'ALTER TABLE tenants DISABLE ROW LEVEL SECURITY'],
    ['drop a policy', 'DROP POLICY tenants_isolation ON tenants'],
    ['add a policy', 'CREATE POLICY more ON tenants USING (true)'],
    ['become the owner', 'SET ROLE aion_owner'],
    [
      'replace a function',
      'CREATE OR REPLACE FUNCTION outbox_oldest_age() RETURNS double precision LANGUAGE sql AS $$SELECT 0$$',
    ],
    ['create a function', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$'],
    ['forge a migration', 'INSERT INTO schema_migrations (name) VALUES ($$x$$)'],
  ])('aion_app cannot %s', async (_, statement) => {
    await createTestTenant(db.database);
    const rejection = expect(runSql(db.appUrl, statement)).rejects;
    await rejection.toMatchObject({ code: '42501' });
  });

  it('aion_app gets an error instead of rows while row_security is off', async () => {
    await expect(runSql(db.appUrl, 'SET row_security = off; SELECT * FROM tenants')).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('superuser and owner are rejected as the role of the application', async () => {
    for (const [url, fault] of [
      [db.superuserUrl, 'is a superuser'],
      [urlAs(db.superuserUrl, 'owner'), 'owns tables'],
    ] as const) {
      const pool = createTestPool(url);
      const database = createDatabase({ pool, metrics: noMetrics, logger: silentLogger });
      await expect(assertConfinedRole(database)).rejects.toThrow(fault);
      await pool.close();
    }
    await expect(assertConfinedRole(db.database)).resolves.toBeUndefined();
  });

  it('aion_owner sees only rows of tables that its functions read, and changes none', async () => {
    const { tenantId } = await createTestTenant(db.database);
    expect(await runSql(db.ownerUrl, 'SELECT * FROM audit_events')).toEqual([]);
    expect(await db.sql('SELECT 1 FROM audit_events WHERE tenant_id = $1', [tenantId])).toHaveLength(2);
    // `list_tenants` and `find_key_holder` need to read tenants, not to change them.
    await expect(runSql(db.ownerUrl, `UPDATE tenants SET name = 'x'`)).resolves.toEqual([]);
    expect(await db.sql('SELECT name FROM tenants WHERE id = $1', [tenantId])).toEqual([{ name: 'Example' }]);
  });
});
