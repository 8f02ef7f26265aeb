import { takeRunPostgres } from './run-postgres.ts';

/** Stops the server that the setup started, if any (`globalTeardown`). */
export default async function globalTeardown(): Promise<void> {
  const server = takeRunPostgres();
  if (server === undefined) return;
  delete process.env['AION_TEST_POSTGRES_URL'];
  await server.stop();
}
