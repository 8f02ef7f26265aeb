import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { MIGRATIONS, type Migration } from '../migrations/index.ts';
import { isError } from './database-error.ts';

const LOCK_KEY = 'aion-migrations';
/** Sessions queue up behind one that waits for a lock: a migration gives up early so that they proceed. */
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_ATTEMPTS = 5;
const RETRY_PAUSE_MS = 2_000;
const LOCK_NOT_AVAILABLE = '55P03';
/** Migrations with an earlier name belong to development versions before the baseline. */
const BASELINE_START = '20261130000000';

/** Options of {@link migrate}. */
export interface MigrateOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Default: all migrations. */
  readonly migrations?: readonly Migration[];
  /** Longest wait of a statement for a lock before its migration is rolled back. Default 5 000. */
  readonly lockTimeoutMs?: number;
  /** Attempts of a migration that cannot acquire its locks, with a pause between two of them. Default 5. */
  readonly lockAttempts?: number;
}

/**
 * Brings the schema up to date as its owner. Concurrent processes migrate one after another, so later ones find nothing to
 * do. Each migration is a transaction.
 * @returns the names of the migrations that were applied
 * @throws Error when the database contains a migration that this version does not know, or when a migration cannot acquire
 *   its locks: those before it stay applied, and the next start continues from there
 */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  // The lock of knex is a row, which a killed process leaves behind. An advisory lock ends with its session.
  const lock = new pg.Client({ connectionString: options.url, application_name: 'aion-migrations lock' });
  // If the connection breaks while migrations run, these fail as well, with a more precise error.
  lock.on('error', (error) => options.logger.warn('Connection of the migration lock lost', { error }));
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [LOCK_KEY]);
    await assertNoEarlierSchema(lock);
    return await runWithRetries(options);
  } finally {
    await lock.end();
  }
}

/**
 * Rejects a database that was migrated before the baseline existed: its schema may differ from the baseline, and no
 * migration leads from one to the other.
 */
async function assertNoEarlierSchema(client: pg.Client): Promise<void> {
  const table = await client.query(`SELECT 1 FROM pg_class WHERE oid = to_regclass('public.schema_migrations')`);
  if (table.rowCount === 0) return;
  const { rows } = await client.query<{ name: string }>('SELECT name FROM public.schema_migrations');
  const earlier = rows.map(({ name }) => name).filter((name) => name < BASELINE_START);
  if (earlier.length === 0) return;
  const names = earlier.toSorted();
  throw new Error(
    `The database was created by an earlier development version of AION, which cannot be upgraded: it contains ` +
      `${names.length} migrations before the baseline, from ${names[0]} to ${names.at(-1)}. Nothing was changed. To delete ` +
      'the data of the embedded PostgreSQL and start with an empty database, run `pnpm demo --reset` or ' +
      '`pnpm dev --reset`. On your own server, drop the database of AION and the database of the queue, and create both ' +
      'again as described in services/database-gateway/README.md.',
  );
}

async function runWithRetries(options: MigrateOptions): Promise<readonly string[]> {
  const { logger, lockTimeoutMs = LOCK_TIMEOUT_MS, lockAttempts = LOCK_ATTEMPTS } = options;
  const applied: string[] = [];
  for (let attempt = 1; ; attempt++) {
    try {
      await runMigrations({ ...options, lockTimeoutMs }, applied);
      return applied;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (attempt >= lockAttempts) throw toLockTimeoutError(error, { lockTimeoutMs, lockAttempts });
      logger.warn('Migration is blocked by a lock of another session, will retry', { attempt, error });
      await sleep(Math.min(RETRY_PAUSE_MS, lockTimeoutMs));
    }
  }
}

/** Applies pending migrations, and adds the name of each to `applied` once it has committed. */
async function runMigrations(
  options: MigrateOptions & { readonly lockTimeoutMs: number },
  applied: string[],
): Promise<void> {
  const { url: connectionString, migrations = MIGRATIONS, logger } = options;
  const database = knex({
    client: 'pg',
    connection: {
      connectionString,
      application_name: 'aion-migrations',
      options: `-c lock_timeout=${options.lockTimeoutMs}`,
    },
    pool: { min: 0, max: 1 },
    // The error contains what knex would print.
    log: { warn: (message: unknown) => logger.debug('Warning of a migration', { detail: String(message) }) },
    migrations: {
      tableName: 'schema_migrations',
      migrationSource: createMigrationSource(migrations),
    },
  });
  try {
    // The process that set it has ended: a running one holds the advisory lock.
    await database.migrate.forceFreeMigrationsLock();
    // One by one: `latest` would hold the locks of all migrations until the last one has acquired its own.
    let names: string[];
    do {
      [, names] = (await database.migrate.up()) as [number, string[]]; // knex declares `any`
      applied.push(...names);
    } while (names.length > 0);
  } finally {
    await database.destroy();
  }
}

function createMigrationSource(migrations: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: () => Promise.resolve([...migrations]),
    getMigrationName: (migration) => migration.name,
    getMigration: (migration) =>
      Promise.resolve({ up: (database) => apply(migration, database), down: rejectRollback }),
  };
}

async function apply(migration: Migration, database: Knex): Promise<void> {
  try {
    await migration.up(database);
  } catch (error) {
    throw new Error(`Migration ${migration.name} failed: ${isError(error) ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function isLockTimeout(error: unknown): boolean {
  for (let link = error; isError(link); link = link.cause) {
    if (errorCode(link) === LOCK_NOT_AVAILABLE) return true;
  }
  return false;
}

function toLockTimeoutError(
  error: unknown,
  { lockTimeoutMs, lockAttempts }: { readonly lockTimeoutMs: number; readonly lockAttempts: number },
): Error {
  return new Error(
    `The schema could not be migrated: could not acquire a lock in ${lockAttempts} attempts of ${lockTimeoutMs} ms. ` +
      'Another session holds it: find long-running transactions in pg_locks and pg_stat_activity, end them, and start ' +
      'again. Migrations that were applied before stay applied.',
    { cause: error },
  );
}

/** Implements `down` of knex. @throws always */
function rejectRollback(): Promise<never> {
  return Promise.reject(new Error('Migrations cannot be rolled back: fix the schema with a further migration.'));
}
