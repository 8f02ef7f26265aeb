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
  it('creates roles that own what they should and bypass nothing, and may run again and at once', async () => {
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
  it('are the files of their folder, in the order of their time', async () => {
    const files = await readdir(new URL('../src/migrations/', import.meta.url));
    const ofFolder = files.filter((file) => /^\d{14}_/.test(file)).map((file) => file.replace(/\.ts$/, ''));
    expect(names).toEqual(ofFolder.toSorted());
  });

  it('run once when processes start at once', async () => {
    const db = await createBootstrappedDatabase();
    const script = new URL('fixtures/migrate-process.ts', import.meta.url).pathname;
    // All of them are held at the same point, and let go at the same moment.
    const holder = new pg.Client({ connectionString: db.migrationUrl });
    await holder.connect();
    await holder.query(`SELECT pg_advisory_lock(hashtextextended('aion-migrations', 0))`);
    const processes = await Promise.all(
      [1, 2, 3].map(() => startProcess({ args: [script, db.migrationUrl], env: { NODE_OPTIONS: '' } })),
    );
    const waiting = `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
      WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`;
    await waitFor(async () => (await holder.query(waiting)).rowCount === 3, {
      describe: 'three processes to wait',
      // Three cold starts at once.
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

  it('go on after a process was killed while it held the lock of knex', async () => {
    const db = await createBootstrappedDatabase();
    await migrate({ url: db.migrationUrl, logger: silentLogger });
    await runSql(db.migrationUrl, 'UPDATE schema_migrations_lock SET is_locked = 1');
    expect(await migrate({ url: db.migrationUrl, logger: silentLogger })).toEqual([]);
    await db.drop();
  });
});

describe('the wait for PostgreSQL', () => {
  it('says that it waits, ends when it is told to, and does not wait for a wrong password to get better', async () => {
    const stream = new PassThrough();
    const logger = createLogger({ service: 'test', level: 'info', format: 'json', stream });
    const stopping = new AbortController();
    const url = `postgresql://aion_owner:x@127.0.0.1:${await freePort()}/aion`;
    const waiting = waitForDatabase({ url, logger, signal: stopping.signal });
    const line = await waitFor(() => stream.read() as Buffer | null, { describe: 'a log line' });
    expect(line.toString()).toContain('PostgreSQL is not there yet');
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

describe('the role of the application', () => {
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
    ['change a key', 'UPDATE api_keys SET scopes = $${inference}$$'],
    ['settle outbox rows by itself', 'UPDATE outbox SET published_at = now()'],
    ['change files of a bundle', 'UPDATE export_files SET key = $$x$$'],
    ['switch off row-level security', 'ALTER TABLE tenants DISABLE ROW LEVEL SECURITY'],
    ['drop a policy', 'DROP POLICY tenants_isolation ON tenants'],
    ['add a policy', 'CREATE POLICY more ON tenants USING (true)'],
    ['become the owner', 'SET ROLE aion_owner'],
    [
      'replace a function',
      'CREATE OR REPLACE FUNCTION outbox_oldest_age() RETURNS double precision LANGUAGE sql AS $$SELECT 0$$',
    ],
    ['make a function', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$'],
    ['forge a migration', 'INSERT INTO schema_migrations (name) VALUES ($$x$$)'],
  ])('may not %s', async (_what, statement) => {
    await createTestTenant(db.database);
    const rejection = expect(runSql(db.appUrl, statement)).rejects;
    await rejection.toMatchObject({ code: '42501' });
  });

  it('sees nothing when row_security is off, but an error', async () => {
    await expect(runSql(db.appUrl, 'SET row_security = off; SELECT * FROM tenants')).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('is refused at the start when it is a superuser or the owner', async () => {
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

  it('leaves the owner blind, too, where no function needs it to see', async () => {
    const { tenantId } = await createTestTenant(db.database);
    expect(await runSql(db.ownerUrl, 'SELECT * FROM audit_events')).toEqual([]);
    expect(await db.sql('SELECT 1 FROM audit_events WHERE tenant_id = $1', [tenantId])).toHaveLength(2);
    // What `list_tenants` and `find_key_holder` read is not theirs to change.
    await expect(runSql(db.ownerUrl, `UPDATE tenants SET name = 'x'`)).resolves.toEqual([]);
    expect(await db.sql('SELECT name FROM tenants WHERE id = $1', [tenantId])).toEqual([{ name: 'Example' }]);
  });
});
