import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { MIGRATIONS, type Migration } from '../migrations/index.ts';
import { isError } from './database-error.ts';

const LOCK_KEY = 'aion-migrations';
/** Whoever waits for a lock makes all others wait behind it: rather give up and let them pass. */
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_ATTEMPTS = 5;
const RETRY_PAUSE_MS = 2_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** How migrations are run. */
export interface MigrateOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Default all of them. */
  readonly migrations?: readonly Migration[];
  /** How long a statement may wait for a lock before its migration is rolled back. Default 5 000. */
  readonly lockTimeoutMs?: number;
  /** How often a migration that could not have its lock is tried in all. Default 5, with a pause between two. */
  readonly lockAttempts?: number;
}

/**
 * Brings the schema up to date as its owner. Processes that start at once do it one after another, so the later ones find
 * nothing to do. Each migration is a transaction.
 * @returns the names of the migrations that were applied
 * @throws Error when the database holds a migration that this version does not know, or when one cannot have its lock:
 *   those before it stay applied, and the next start goes on from there
 */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  // knex's own lock is a row that a killed process leaves behind for ever. The lock of a session dies with it.
  const lock = new pg.Client({ connectionString: options.url, application_name: 'aion-migrations lock' });
  // The lock may be lost while the migrations run; they fail by themselves then, with a better reason.
  lock.on('error', (error) => options.logger.warn('The connection that holds the migration lock broke', { error }));
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [LOCK_KEY]);
    return await runUntilLocked(options);
  } finally {
    await lock.end();
  }
}

async function runUntilLocked(options: MigrateOptions): Promise<readonly string[]> {
  const { logger, lockTimeoutMs = LOCK_TIMEOUT_MS, lockAttempts = LOCK_ATTEMPTS } = options;
  const applied: string[] = [];
  for (let attempt = 1; ; attempt++) {
    try {
      await runMigrations({ ...options, lockTimeoutMs }, applied);
      return applied;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (attempt >= lockAttempts) throw lockedOut(error, { lockTimeoutMs, lockAttempts });
      logger.warn('A migration waits for a lock that another session holds', { attempt, error });
      await sleep(Math.min(RETRY_PAUSE_MS, lockTimeoutMs));
    }
  }
}

/** Adds the name of each migration to `applied` when it has committed. */
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
    // What it would print is in the error, too.
    log: { warn: (message: unknown) => logger.debug('A migration said something', { detail: String(message) }) },
    migrations: {
      tableName: 'schema_migrations',
      migrationSource: createMigrationSource(migrations),
    },
  });
  try {
    // Whoever set it is dead: the living wait for the session's lock.
    await database.migrate.forceFreeMigrationsLock();
    // One at a time: `latest` would hold the locks of all until the last has its own.
    for (let isMore = true; isMore;) {
      const [, names] = (await database.migrate.up()) as [number, string[]]; // knex declares `any`
      applied.push(...names);
      isMore = names.length > 0;
    }
  } finally {
    await database.destroy();
  }
}

function createMigrationSource(migrations: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: () => Promise.resolve([...migrations]),
    getMigrationName: (migration) => migration.name,
    getMigration: (migration) =>
      Promise.resolve({ up: (database) => apply(migration, database), down: refuseToGoBack }),
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

function lockedOut(error: unknown, tried: { readonly lockTimeoutMs: number; readonly lockAttempts: number }): Error {
  return new Error(
    `The schema could not be migrated: a lock was not to be had in ${tried.lockAttempts} attempts of ` +
      `${tried.lockTimeoutMs} ms. Another session holds it: see pg_locks and pg_stat_activity for transactions that have ` +
      'been open for long, end them, and start again; what was applied before stays.',
    { cause: error },
  );
}

/** knex asks for a way back. @throws always */
function refuseToGoBack(): Promise<never> {
  return Promise.reject(new Error('Migrations have no way back: mend the schema by a further one.'));
}
