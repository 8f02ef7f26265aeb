import type { Logger } from '@aion/logging';
import pg from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import { toDatabaseError } from './database-error.ts';
import type { PoolInstruments, PoolName, PoolState } from './pool-instruments.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

/** How a pool connects. */
export interface ConnectionPoolOptions {
  /** Its name in metrics and in `pg_stat_activity`. */
  readonly name: PoolName;
  readonly url: string;
  readonly maxConnections: number;
  /** How long a caller waits for a connection to become free, and how long a new one may take to open. */
  readonly waitMs: number;
  /** How many callers wait at most; further ones are turned away at once. */
  readonly maxWaiting: number;
  readonly statementTimeoutMs: number;
  /** How long a transaction may do nothing; default 60 000. */
  readonly idleTransactionMs?: number;
  readonly logger: Logger;
  readonly instruments: PoolInstruments;
}

/** A bounded set of connections. */
export interface ConnectionPool {
  /**
   * Takes a connection that the caller must release.
   * @throws UnavailableError when none is to be had in time, or too many wait
   * @throws the reason of the signal, when it is aborted while the caller waits
   */
  connect(signal?: AbortSignal): Promise<pg.PoolClient>;
  /** Asks the server to cancel what a connection is running; it goes on when the server does not hear. Never rejects. */
  cancel(client: pg.PoolClient): Promise<void>;
  /** Waits until every connection is released, then closes all. */
  close(): Promise<void>;
}

/** Transactions of requests take milliseconds, and a held snapshot is looked at every few seconds. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Creates a pool; it connects when it is first used. */
export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { name, logger, instruments } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: `aion-database-gateway ${name}`,
    max: options.maxConnections,
    connectionTimeoutMillis: options.waitMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs,
    // The server ends a late statement by itself; this is for a server that has fallen silent. A stream has no such
    // limit: pg would report its end to a query that is over.
    ...(name === 'requests' ? { query_timeout: options.statementTimeoutMs + 5_000 } : {}),
    idle_in_transaction_session_timeout: options.idleTransactionMs ?? IDLE_IN_TRANSACTION_MS,
    // A session whose client was killed ends within this time, even in the middle of a long sort.
    options: '-c client_connection_check_interval=2000',
    keepAlive: true,
    types: createTypes(),
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', (error) => logger.warn('An idle database connection broke', { pool: name, error }));
  // The pool removes its own listener from a connection that is in use.
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.debug('A database connection in use broke', { pool: name, error }));
  });
  // pg's own line has no bound, and nobody can leave it: callers wait here, and pg always finds room.
  const line = createWaitingLine({ ...options, places: options.maxConnections });
  const state: PoolState = {
    get totalCount() {
      return pool.totalCount;
    },
    get idleCount() {
      return pool.idleCount;
    },
    get waitingCount() {
      return line.waiting;
    },
  };
  instruments.watch(name, options.maxConnections, state);
  return {
    connect: async (signal) => {
      try {
        return await instruments.observeWait(name, async () => {
          await line.enter(signal);
          return connect(pool, line);
        });
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
    cancel: async (client) => {
      try {
        await cancelStatement(options.url, client);
      } catch (error) {
        logger.warn('A statement could not be cancelled; it ends by its time limit', { pool: name, error });
      }
    },
    close: async () => {
      await pool.end();
      instruments.unwatch(name, state);
    },
  };
}

/** Takes a connection for a caller who has a place, which is free again when the connection is. */
async function connect(pool: pg.Pool, line: WaitingLine): Promise<pg.PoolClient> {
  try {
    const client = await pool.connect();
    const release = client.release.bind(client);
    client.release = (error) => {
      release(error);
      line.leave();
    };
    return client;
  } catch (error) {
    line.leave();
    throw error;
  }
}

const INT8_OID = 20;
const DATE_OID = 1082;

/**
 * pg gives a bigint as text; AION's are counts, which fit a number. It makes midnight of the local time zone of a date,
 * which stays the text that it is: a day is no instant.
 */
function createTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8_OID, parseInt8);
  types.setTypeParser(DATE_OID, (text) => text);
  return types;
}

/** @throws RangeError rather than to round */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The bigint ${text} does not fit a JavaScript number`);
  return value;
}
