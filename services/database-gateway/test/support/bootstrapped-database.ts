import { createTestDatabase } from '@aion/testkit';
import pg from 'pg';
import { bootstrapDatabase, type BootstrapResult } from '../../src/bootstrap.ts';
import { PASSWORDS } from './test-database.ts';

/** Empty database with AION's roles, and a database of the queue. */
export interface BootstrappedDatabase extends BootstrapResult {
  readonly superuserUrl: string;
  bootstrap(): Promise<BootstrapResult>;
  drop(): Promise<void>;
}

/** Creates both databases; the caller must drop them. */
export async function createBootstrappedDatabase(): Promise<BootstrappedDatabase> {
  const db = await createTestDatabase();
  const bootstrap = () =>
    bootstrapDatabase({
      superuserUrl: db.url,
      database: db.name,
      queueDatabase: `${db.name}_queue`,
      passwords: PASSWORDS,
    });
  const urls = await bootstrap();
  return {
    ...urls,
    bootstrap,
    superuserUrl: db.url,
    drop: async () => {
      await runSql(db.url, `DROP DATABASE ${db.name}_queue`);
      await db.drop();
    },
  };
}

/** Runs one statement on a separate connection. */
export async function runSql<R extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}
