import type pg from 'pg';
import type { ConnectionPool } from './connection-pool.ts';
import { isAnswerOfServer, toDatabaseError } from './database-error.ts';
import { createQueryInstruments, type QueryInstruments, type QueryInstrumentsOptions } from './query-instruments.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { runCancellable, type StatementOptions } from './run-cancellable.ts';
import { toQueryName, type Query, type UnscopedQuery } from './query-name.ts';

export type { Query, UnscopedQuery };

/** Transaction of one tenant. */
export interface TenantTransaction {
  readonly tenantId: string;
  /** `R` describes the rows of the statement and is not checked. */
  query<R extends pg.QueryResultRow = Record<string, never>>(query: Query): Promise<R[]>;
}

/** Transaction of the platform: rows of no tenant. */
export interface PlatformTransaction {
  readonly tenantId: null;
  query<R extends pg.QueryResultRow = Record<string, never>>(query: UnscopedQuery): Promise<R[]>;
  /** Sets the tenant of the transaction until `run` has ended, for operations of the platform on a tenant. */
  asTenant<T>(tenantId: string, run: (transaction: TenantTransaction) => Promise<T>): Promise<T>;
}

/** Transaction of a tenant or of the platform, for tables with rows of both. */
export interface SharedTransaction {
  readonly tenantId: string | null;
  query<R extends pg.QueryResultRow = Record<string, never>>(query: UnscopedQuery): Promise<R[]>;
}

/** Returns true for the transaction of a tenant, which can also access the tables of tenants. */
export function isOfTenant(transaction: SharedTransaction): transaction is TenantTransaction {
  return transaction.tenantId !== null;
}

/** Access to PostgreSQL, except for the streams of exports. */
export interface Database {
  /**
   * Runs one transaction that reads and writes rows of this tenant only, the only access to the tables of tenants. It
   * commits when `run` has ended, and rolls back when it throws. After a serialization failure or a deadlock it is retried
   * a few times: `run` must do nothing that a rollback does not undo. When the signal is aborted, the caller no longer
   * waits for a connection, the running statement is cancelled, and the transaction rolls back.
   */
  withTenant<T>(
    tenantId: string,
    run: (transaction: TenantTransaction) => Promise<T>,
    options?: StatementOptions,
  ): Promise<T>;
  /** Runs one transaction without a tenant, which reads and writes rows of the platform only. */
  withPlatform<T>(run: (transaction: PlatformTransaction) => Promise<T>, options?: StatementOptions): Promise<T>;
  /**
   * Runs a statement without a tenant: functions that serve all tenants, tables of the platform, probes. The type rejects
   * tables of tenants, and row-level security hides their rows. It is retried a few times after a serialization failure or
   * a deadlock.
   */
  query<R extends pg.QueryResultRow = Record<string, never>>(
    query: UnscopedQuery,
    options?: StatementOptions,
  ): Promise<R[]>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Creates the access to a database through a pool. */
export function createDatabase(options: QueryInstrumentsOptions & { readonly pool: ConnectionPool }): Database {
  const { pool } = options;
  const instruments = createQueryInstruments(options);
  const acquire = <T>(signal: AbortSignal | undefined, run: (acquired: AcquiredConnection) => Promise<T>): Promise<T> =>
    retryConflicts(
      () => withConnection({ instruments, pool, signal }, run),
      (conflict) => instruments.retryTransaction(conflict),
    );
  const inTransaction = <T>(
    tenantId: string | null,
    signal: AbortSignal | undefined,
    run: (query: TenantTransaction['query']) => Promise<T>,
  ): Promise<T> =>
    acquire(signal, (acquired) => runTransaction(acquired, tenantId, () => run((query) => runQuery(acquired, query))));
  return {
    query: (query, { signal } = {}) => acquire(signal, (acquired) => runQuery(acquired, query)),
    withTenant: (tenantId, run, { signal } = {}) =>
      inTransaction(tenantId, signal, (query) => run({ tenantId, query })),
    withPlatform: (run, { signal } = {}) => inTransaction(null, signal, (query) => run(platformTransaction(query))),
  };
}

/** Builds the statement that sets the tenant of a transaction. @throws TypeError unless the id is a UUID */
export function setTenantStatement(tenantId: string): string {
  // A simple query has no parameters; this check makes the literal safe.
  if (!UUID.test(tenantId)) throw new TypeError(`"${tenantId}" is not a tenant's id: it must be a UUID`);
  return `SELECT set_config('app.tenant_id', '${tenantId}', true)`;
}

interface ConnectionOptions {
  readonly instruments: QueryInstruments;
  readonly pool: ConnectionPool;
  readonly signal: AbortSignal | undefined;
}

/** Connection that one caller has acquired. */
interface AcquiredConnection extends ConnectionOptions {
  readonly client: pg.PoolClient;
  /**
   * True if the server has not answered a statement. The transaction status of pg is out of date then, and the answer,
   * which may still arrive, would block the next user of the connection.
   */
  isUnanswered: boolean;
}

function platformTransaction(query: TenantTransaction['query']): PlatformTransaction {
  const set = (text: string) => query({ table: 'pg_catalog', text });
  return {
    tenantId: null,
    query,
    asTenant: async (tenantId, run) => {
      await set(setTenantStatement(tenantId));
      const result = await run({ tenantId, query });
      // An error rolls back the transaction, and the setting with it.
      await set(`SELECT set_config('app.tenant_id', '', true)`);
      return result;
    },
  };
}

async function runTransaction<T>(
  acquired: AcquiredConnection,
  tenantId: string | null,
  run: () => Promise<T>,
): Promise<T> {
  const { instruments, signal } = acquired;
  // The tenant of the previous transaction was reset at its end.
  const begin = tenantId === null ? 'BEGIN' : `BEGIN; ${setTenantStatement(tenantId)}`;
  const startedAt = performance.now();
  try {
    // One round trip for both.
    await send(acquired, begin);
    const result = await run();
    signal?.throwIfAborted();
    await send(acquired, 'COMMIT');
    instruments.endTransaction('commit', startedAt);
    return result;
  } catch (error) {
    instruments.endTransaction('rollback', startedAt);
    // The caller must get the original error. A connection that cannot roll back is closed, which also rolls back.
    if (!acquired.isUnanswered) await send(acquired, 'ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function runQuery<R extends pg.QueryResultRow>(acquired: AcquiredConnection, query: Query): Promise<R[]> {
  const { instruments, pool, client, signal } = acquired;
  const run = async (): Promise<R[]> => {
    const result = await send<R>(acquired, query.text, query.values ?? []);
    return result.rows;
  };
  return instruments.observe(toQueryName(query), () => runCancellable(run, () => pool.cancel(client), signal));
}

async function send<R extends pg.QueryResultRow>(
  acquired: AcquiredConnection,
  text: string,
  values?: readonly unknown[],
): Promise<pg.QueryResult<R>> {
  try {
    return await acquired.client.query<R>(text, values === undefined ? undefined : [...values]);
  } catch (error) {
    if (!isAnswerOfServer(error)) acquired.isUnanswered = true;
    throw error;
  }
}

/** Runs with an acquired connection. One that failed, or whose transaction may still be open, is closed, not reused. */
async function withConnection<T>(
  options: ConnectionOptions,
  run: (acquired: AcquiredConnection) => Promise<T>,
): Promise<T> {
  const client = await options.pool.connect(options.signal);
  const acquired: AcquiredConnection = { ...options, client, isUnanswered: false };
  try {
    const result = await run(acquired);
    client.release();
    return result;
  } catch (error) {
    const isClean = !acquired.isUnanswered && client.getTransactionStatus() === 'I';
    client.release(!isClean);
    throw toDatabaseError(error);
  }
}
