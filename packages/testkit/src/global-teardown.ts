import { takeRunPostgres } from './run-postgres.ts';

/** Jest's `globalTeardown`: stops the server which the setup started, if it did. */
export default async function globalTeardown(): Promise<void> {
  const server = takeRunPostgres();
  if (server === undefined) return;
  delete process.env['AION_TEST_POSTGRES_URL'];
  await server.stop();
}
