import { keepRunPostgres } from './run-postgres.ts';
import { startTestPostgres } from './start-test-postgres.ts';

/**
 * Jest's `globalSetup`: one PostgreSQL for all test files of a run. A server named by `AION_TEST_POSTGRES_URL` is used as
 * it is; else an embedded one is started and the variable set, for workers too.
 */
export default async function globalSetup(): Promise<void> {
  const given = process.env['AION_TEST_POSTGRES_URL'];
  if (given !== undefined && given !== '') return;
  const server = await startTestPostgres();
  keepRunPostgres(server);
  process.env['AION_TEST_POSTGRES_URL'] = server.url;
}
