import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import pg from 'pg';
import { isError, toDatabaseError } from './database-error.ts';

const PAUSE_MS = 500;
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Waits until PostgreSQL takes a connection, saying once that it waits and once that the waiting is over.
 * @throws the error of a database that answers and refuses: a wrong password does not get better by waiting
 * @throws the reason of the signal when it is aborted
 */
export async function waitForDatabase(options: {
  readonly url: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { logger, signal } = options;
  const { hostname, port, pathname } = new URL(options.url);
  const where = { host: hostname, port: port === '' ? '5432' : port, database: pathname.slice(1) };
  let hasWaited = false;
  for (;;) {
    signal.throwIfAborted();
    const failure = await tryToConnect(options.url);
    if (failure === undefined) break;
    if (!(failure instanceof UnavailableError)) throw failure;
    if (!hasWaited) logger.warn('PostgreSQL is not there yet: waiting for it', { ...where, error: failure.cause });
    hasWaited = true;
    await sleep(PAUSE_MS, undefined, { signal });
  }
  if (hasWaited) logger.info('PostgreSQL is there now', where);
}

async function tryToConnect(url: string): Promise<Error | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A connection that breaks after it was made has been good enough.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    const failure = toDatabaseError(error);
    return isError(failure) ? failure : new Error(String(failure));
  } finally {
    await client.end();
  }
}
