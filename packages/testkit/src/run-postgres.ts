import type { TestPostgres } from './start-test-postgres.ts';

/** Jest's global setup and teardown are modules apart, in one process, with nothing but `globalThis` between them. */
const KEY = Symbol.for('@aion/testkit/postgres');

// A cast, because the type of globalThis cannot be widened for a symbol that is not global.
const shared = globalThis as typeof globalThis & { [KEY]?: TestPostgres | undefined };

/** Keeps the server of this Jest run for the teardown. */
export function keepRunPostgres(server: TestPostgres): void {
  shared[KEY] = server;
}

/** The server that the setup of this Jest run started, once. */
export function takeRunPostgres(): TestPostgres | undefined {
  const server = shared[KEY];
  shared[KEY] = undefined;
  return server;
}
