import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Options of {@link createTestDatabase}. */
export interface CreateTestDatabaseOptions {
  /** Name of a template created by {@link prepareTemplateDatabase}. Default: an empty database. */
  readonly template?: string;
}

/** Database of a test or test file. */
export interface TestDatabase {
  /** URL with superuser credentials. */
  readonly url: string;
  readonly name: string;
  /** Terminates all sessions and drops the database. May be called repeatedly. */
  drop(): Promise<void>;
}

/** Creates a database on the server of this test run. Copying a template takes tens of milliseconds. */
export async function createTestDatabase(options: CreateTestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = options.template ?? 'template0';
  await withAdmin((admin) =>
    admin.query(`create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`),
  );
  return { name, url: databaseUrl(name), drop: () => withAdmin((admin) => dropDatabase(admin, name)) };
}

/**
 * Creates the template database `name` unless it exists. `prepare` receives the URL of an empty database, fills it and closes
 * its connections. Processes may call this concurrently: one prepares the template, the others wait. The template exists as
 * long as the server, so its name must change with its content (include a hash of the migrations).
 */
export async function prepareTemplateDatabase(name: string, prepare: (url: string) => Promise<void>): Promise<void> {
  await withAdmin(async (admin) => {
    // A session-level lock is released when the session ends for any reason.
    await admin.query('select pg_advisory_lock(hashtextextended($1, 0))', [`aion-template:${name}`]);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount !== 0) return;
    // Rename the database when it is complete: an interrupted preparation must not look finished.
    const unfinished = `${name}_preparing`;
    await dropDatabase(admin, unfinished);
    await admin.query(`create database ${pg.escapeIdentifier(unfinished)} template template0`);
    await prepare(databaseUrl(unfinished));
    await admin.query(`alter database ${pg.escapeIdentifier(unfinished)} rename to ${pg.escapeIdentifier(name)}`);
  });
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

function serverUrl(): string {
  const url = process.env['AION_TEST_POSTGRES_URL'];
  if (url !== undefined && url !== '') return url;
  throw new Error(
    'AION_TEST_POSTGRES_URL is not set: add globalSetup and globalTeardown of @aion/testkit to jest.config.mjs, ' +
      'or set it to the URL of a PostgreSQL superuser',
  );
}

function databaseUrl(name: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

async function withAdmin<T>(run: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: serverUrl() });
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.end();
  }
}
