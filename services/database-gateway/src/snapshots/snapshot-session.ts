import type { Logger } from '@aion/logging';
import type pg from 'pg';
import type { ConnectionPool } from '../database/connection-pool.ts';
import { toDatabaseError } from '../database/database-error.ts';
import { setTenantStatement, type Database, type Query } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import type { QueryInstruments } from '../database/query-instruments.ts';
import { toQueryName } from '../database/query-name.ts';

/** REPEATABLE READ, READ ONLY transaction of one tenant, on a connection that is closed afterwards. */
export interface SnapshotSession {
  readonly client: pg.PoolClient;
  /** Aborted when the session is closed or its connection is lost. */
  readonly signal: AbortSignal;
  /** Runs a statement in the transaction of the session. `R` describes its rows and is not checked. */
  query<R extends pg.QueryResultRow>(query: Query): Promise<R[]>;
  /**
   * Ends the session immediately: another connection terminates its backend if a statement is running. Never rejects;
   * may be called several times.
   */
  close(): Promise<void>;
}

/** Options of `openSnapshotSession`. */
export interface SnapshotSessionOptions {
  readonly pool: ConnectionPool;
  /** Terminates backends. */
  readonly database: Database;
  readonly tenantId: string;
  /** Result of `pg_export_snapshot()` in a session that is still open; default: a new snapshot. */
  readonly snapshotId?: string;
  /** Closes the session when aborted. */
  readonly signal: AbortSignal;
  readonly instruments: QueryInstruments;
  readonly logger: Logger;
}

/** Settings under which the same rows are the same text on every server. */
const PINNED = `
  SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1;
  SET bytea_output = 'hex'; SET client_encoding = 'UTF8'`;

/** Name in telemetry of the statements that open a session. */
const OPENING = { operation: 'SELECT', table: 'pg_catalog' } as const;

/** Opens a session. @throws UnavailableError without a connection; DatabaseError of pg when the snapshot has ended */
export async function openSnapshotSession(options: SnapshotSessionOptions): Promise<SnapshotSession> {
  options.signal.throwIfAborted();
  const client = await options.pool.connect(options.signal);
  try {
    const backendPid = await options.instruments.observe(OPENING, () => prepare(client, options));
    options.signal.throwIfAborted();
    return createSession(client, backendPid, options);
  } catch (error) {
    client.release(true);
    throw toDatabaseError(error);
  }
}

async function prepare(client: pg.PoolClient, options: SnapshotSessionOptions): Promise<number> {
  await client.query(PINNED);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  // Must be the first statement of the transaction.
  if (options.snapshotId !== undefined) {
    await client.query(`SET TRANSACTION SNAPSHOT ${client.escapeLiteral(options.snapshotId)}`);
  }
  await client.query(setTenantStatement(options.tenantId));
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return oneRow(rows).pid;
}

function createSession(
  client: pg.PoolClient,
  backendPid: number,
  { database, signal, instruments, logger }: SnapshotSessionOptions,
): SnapshotSession {
  const controller = new AbortController();
  const closeOnce = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort);
    controller.abort(signal.reason ?? new Error('The snapshot session was closed'));
    try {
      // While this connection is open, its pid cannot belong to another backend.
      if (client.getTransactionStatus() !== 'I') await terminateBackend(database, backendPid);
    } catch (error) {
      logger.warn('Backend could not be terminated, ends when it detects its closed connection', { error });
    } finally {
      client.release(true);
    }
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeOnce());
  const onAbort = (): void => void close();
  signal.addEventListener('abort', onAbort, { once: true });
  client.once('error', (error) => controller.abort(toDatabaseError(error)));
  const query = <R extends pg.QueryResultRow>(statement: Query): Promise<R[]> =>
    instruments.observe(toQueryName(statement), async () => {
      const result = await client.query<R>(statement.text, [...(statement.values ?? [])]);
      return result.rows;
    });
  return { client, signal: controller.signal, query, close };
}

async function terminateBackend(database: Database, backendPid: number): Promise<void> {
  await database.query({
    functionOf: 'pg_catalog',
    text: 'SELECT pg_terminate_backend($1)',
    values: [backendPid],
  });
}
