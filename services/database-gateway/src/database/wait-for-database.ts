import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import pg from 'pg';
import { isError, toDatabaseError } from './database-error.ts';

const PAUSE_MS = 500;
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Waits until PostgreSQL accepts a connection, and logs the start and the end of the wait.
 * @throws the error of a database that answers and rejects the connection, such as a wrong password
 * @throws the reason of the signal when it is aborted
 */
export async function waitForDatabase(options: {
  readonly url: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { logger, signal } = options;
  const { hostname, port, pathname } = new URL(options.url);
  const target = { host: hostname, port: port === '' ? '5432' : port, database: pathname.slice(1) };
  let hasWaited = false;
  for (;;) {
    signal.throwIfAborted();
    const failure = await tryToConnect(options.url);
    if (failure === undefined) break;
    if (!(failure instanceof UnavailableError)) throw failure;
    if (!hasWaited) logger.warn('PostgreSQL not available, will retry', { ...target, error: failure.cause });
    hasWaited = true;
    await sleep(PAUSE_MS, undefined, { signal });
  }
  if (hasWaited) logger.info('PostgreSQL connected', target);
}

async function tryToConnect(url: string): Promise<Error | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A connection that fails after it was opened has served its purpose.
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
