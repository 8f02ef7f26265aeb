import type { Logger } from '@aion/logging';
import pg from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import { toDatabaseError } from './database-error.ts';
import type { PoolInstruments, PoolName, PoolState } from './pool-instruments.ts';
import { createSemaphore, type Semaphore } from './semaphore.ts';

/** Options of `createConnectionPool`. */
export interface ConnectionPoolOptions {
  /** Name in metrics and in `pg_stat_activity`. */
  readonly name: PoolName;
  readonly url: string;
  readonly maxConnections: number;
  /** Maximum time that a caller waits for a free connection, and maximum time to open a new one. */
  readonly waitMs: number;
  /** Maximum number of waiting callers; further ones are rejected immediately. */
  readonly maxWaiting: number;
  readonly statementTimeoutMs: number;
  /** Maximum time that a transaction may be idle; default 60 000. */
  readonly idleTransactionMs?: number;
  readonly logger: Logger;
  readonly instruments: PoolInstruments;
}

/** Pool of connections with a limit. */
export interface ConnectionPool {
  /**
   * Acquires a connection, which the caller must release.
   * @throws UnavailableError when none becomes available in time, or too many callers wait
   * @throws the reason of the signal, when it is aborted while the caller waits
   */
  connect(signal?: AbortSignal): Promise<pg.PoolClient>;
  /** Requests the cancellation of a running statement, which continues if the request fails. Never rejects. */
  cancel(client: pg.PoolClient): Promise<void>;
  /** Waits until every connection is released, then closes all. */
  close(): Promise<void>;
}

/** Transactions of requests take milliseconds, and an open snapshot is queried every few seconds. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Creates a pool, which connects at its first use. */
export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { name, logger, instruments } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: `aion-database-gateway ${name}`,
    max: options.maxConnections,
    connectionTimeoutMillis: options.waitMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs,
    // The server ends a late statement itself; this limit covers a server that no longer answers. A stream has no such
    // limit: pg would report the timeout to a query that has ended.
    ...(name === 'requests' ? { query_timeout: options.statementTimeoutMs + 5_000 } : {}),
    idle_in_transaction_session_timeout: options.idleTransactionMs ?? IDLE_IN_TRANSACTION_MS,
    // Ends a session whose client was killed within this time, even during a long sort.
    options: '-c client_connection_check_interval=2000',
    keepAlive: true,
    types: createTypes(),
  });
  // A lost idle connection is replaced at the next use; without a listener the error would end the process.
  pool.on('error', (error) => logger.warn('Idle database connection lost', { pool: name, error }));
  // The pool removes its own listener from an acquired connection.
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.debug('Acquired database connection lost', { pool: name, error }));
  });
  // The queue of pg has no limit, and callers cannot leave it: they wait here instead, and pg never queues.
  const semaphore = createSemaphore({ ...options, permits: options.maxConnections });
  const state: PoolState = {
    get totalCount() {
      return pool.totalCount;
    },
    get idleCount() {
      return pool.idleCount;
    },
    get waitingCount() {
      return semaphore.waiting;
    },
  };
  instruments.watch(name, options.maxConnections, state);
  return {
    connect: async (signal) => {
      try {
        return await instruments.observeWait(name, async () => {
          await semaphore.acquire(signal);
          return connect(pool, semaphore);
        });
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
    cancel: async (client) => {
      try {
        await cancelStatement(options.url, client);
      } catch (error) {
        logger.warn('Statement could not be cancelled, ends at its time limit', { pool: name, error });
      }
    },
    close: async () => {
      await pool.end();
      instruments.unwatch(name, state);
    },
  };
}

/** Acquires a connection for a caller that has a permit, and releases the permit with the connection. */
async function connect(pool: pg.Pool, semaphore: Semaphore): Promise<pg.PoolClient> {
  try {
    const client = await pool.connect();
    const release = client.release.bind(client);
    client.release = (error) => {
      release(error);
      semaphore.release();
    };
    return client;
  } catch (error) {
    semaphore.release();
    throw error;
  }
}

const INT8_OID = 20;
const DATE_OID = 1082;

/**
 * Creates type parsers. pg returns a bigint as text; those of AION are counts, which fit a number. pg would parse a date
 * as midnight in the local time zone; it stays text, because a day is not an instant.
 */
function createTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8_OID, parseInt8);
  types.setTypeParser(DATE_OID, (text) => text);
  return types;
}

/** @throws RangeError instead of rounding */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The bigint ${text} does not fit a JavaScript number`);
  return value;
}
