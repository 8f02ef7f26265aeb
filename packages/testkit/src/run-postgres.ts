import type { TestPostgres } from './start-test-postgres.ts';

/** Jest's global setup and teardown run in one process but share no module instances, only `globalThis`. */
const KEY = Symbol.for('@aion/testkit/postgres');

// Cast: the type of globalThis cannot be extended for a local symbol.
const shared = globalThis as typeof globalThis & { [KEY]?: TestPostgres | undefined };

/** Stores the server of this Jest run for the teardown. */
export function keepRunPostgres(server: TestPostgres): void {
  shared[KEY] = server;
}

/** Removes and returns the stored server; undefined if the setup started none. */
export function takeRunPostgres(): TestPostgres | undefined {
  const server = shared[KEY];
  shared[KEY] = undefined;
  return server;
}
