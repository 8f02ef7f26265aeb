import { keepRunPostgres } from './run-postgres.ts';
import { startTestPostgres } from './start-test-postgres.ts';

/**
 * Provides one PostgreSQL server for all test files of a Jest run (`globalSetup`). Uses the server in
 * `AION_TEST_POSTGRES_URL` if it is set; otherwise starts an embedded one and sets the variable for the workers.
 */
export default async function globalSetup(): Promise<void> {
  const url = process.env['AION_TEST_POSTGRES_URL'];
  if (url !== undefined && url !== '') return;
  const server = await startTestPostgres();
  keepRunPostgres(server);
  process.env['AION_TEST_POSTGRES_URL'] = server.url;
}
