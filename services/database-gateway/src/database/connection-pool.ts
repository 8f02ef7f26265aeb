import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import pg from 'pg';
import { toDatabaseError } from './database-error.ts';

/** How a pool connects. */
export interface ConnectionPoolOptions {
  /** Its name in metrics and in `pg_stat_activity`. */
  readonly name: 'requests' | 'exports';
  readonly url: string;
  readonly maxConnections: number;
  /** How long a caller waits for a connection. */
  readonly waitMs: number;
  readonly statementTimeoutMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A bounded set of connections. */
export interface ConnectionPool {
  /**
   * Takes a connection that the caller must release.
   * @throws UnavailableError when none is to be had in time
   */
  connect(): Promise<pg.PoolClient>;
  /** Waits until every connection is released, then closes all. */
  close(): Promise<void>;
}

/** Transactions of requests take milliseconds, and a held snapshot is looked at every few seconds. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Creates a pool; it connects when it is first used. */
export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { name, logger } = options;
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
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
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
  reportPool(options, pool);
  return {
    connect: async () => {
      try {
        return await pool.connect();
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
    close: () => pool.end(),
  };
}

function reportPool({ name, metrics, maxConnections }: ConnectionPoolOptions, pool: pg.Pool): void {
  metrics.onCollect(() => {
    metrics.gauge('db_connections').set({ pool: name, state: 'active' }, pool.totalCount - pool.idleCount);
    metrics.gauge('db_connections').set({ pool: name, state: 'idle' }, pool.idleCount);
    metrics.gauge('db_connections_max').set({ pool: name }, maxConnections);
    metrics.gauge('db_connections_pending').set({ pool: name }, pool.waitingCount);
  });
}

const INT8_OID = 20;

/** pg gives a bigint as text. AION's are counts, which fit a number. */
function createTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8_OID, parseInt8);
  return types;
}

/** @throws RangeError rather than to round */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The bigint ${text} does not fit a JavaScript number`);
  return value;
}
