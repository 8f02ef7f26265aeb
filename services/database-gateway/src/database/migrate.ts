import type { Logger } from '@aion/logging';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { MIGRATIONS, type Migration } from '../migrations/index.ts';

const LOCK_KEY = 'aion-migrations';

/**
 * Brings the schema up to date as its owner. Processes that start at once do it one after another, so the later ones find
 * nothing to do.
 * @returns the names of the migrations that were applied
 * @throws Error when the database holds a migration that this version does not know
 */
export async function migrate(options: { readonly url: string; readonly logger: Logger }): Promise<readonly string[]> {
  // knex's own lock is a row that a killed process leaves behind for ever. The lock of a session dies with it.
  const lock = new pg.Client({ connectionString: options.url, application_name: 'aion-migrations lock' });
  // The lock may be lost while the migrations run; they fail by themselves then, with a better reason.
  lock.on('error', (error) => options.logger.warn('The connection that holds the migration lock broke', { error }));
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [LOCK_KEY]);
    return await runMigrations(options.url);
  } finally {
    await lock.end();
  }
}

async function runMigrations(url: string): Promise<readonly string[]> {
  const database = knex({
    client: 'pg',
    connection: { connectionString: url, application_name: 'aion-migrations' },
    pool: { min: 0, max: 1 },
    migrations: {
      tableName: 'schema_migrations',
      migrationSource: createMigrationSource(MIGRATIONS),
    },
  });
  try {
    // Whoever set it is dead: the living wait for the session's lock.
    await database.migrate.forceFreeMigrationsLock();
    const [, applied] = (await database.migrate.latest()) as [number, string[]]; // knex declares `any`
    return applied;
  } finally {
    await database.destroy();
  }
}

function createMigrationSource(migrations: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: () => Promise.resolve([...migrations]),
    getMigrationName: (migration) => migration.name,
    getMigration: (migration) => Promise.resolve({ up: (database) => migration.up(database), down: refuseToGoBack }),
  };
}

/** knex asks for a way back. @throws always */
function refuseToGoBack(): Promise<never> {
  return Promise.reject(new Error('Migrations have no way back: mend the schema by a further one.'));
}
