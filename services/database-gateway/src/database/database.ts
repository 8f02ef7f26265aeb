import type pg from 'pg';
import type { ConnectionPool } from './connection-pool.ts';
import { isAnswerOfServer, toDatabaseError } from './database-error.ts';
import { createQueryInstruments, type QueryInstruments, type QueryInstrumentsOptions } from './query-instruments.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { runCancellable, type StatementOptions } from './run-cancellable.ts';
import type { QueryName, UnscopedQueryName } from './query-name.ts';

interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** One statement, with what telemetry calls it. */
export type Query = QueryName & Statement;

/** A statement that may be run where no tenant is set. */
export type UnscopedQuery = UnscopedQueryName & Statement;

/** A transaction of one tenant. */
export interface TenantTransaction {
  readonly tenantId: string;
  /** `R` describes the rows of the statement; nothing checks that it does. */
  query<R extends pg.QueryResultRow = Record<string, never>>(query: Query): Promise<R[]>;
}

/** A transaction of the platform: rows of no tenant. */
export interface PlatformTransaction {
  readonly tenantId: null;
  query<R extends pg.QueryResultRow = Record<string, never>>(query: UnscopedQuery): Promise<R[]>;
  /** Makes the transaction one of a tenant until `run` is done, for what the platform does to a tenant as a whole. */
  asTenant<T>(tenantId: string, run: (transaction: TenantTransaction) => Promise<T>): Promise<T>;
}

/** A transaction of a tenant or of the platform, for tables that hold rows of both. */
export interface SharedTransaction {
  readonly tenantId: string | null;
  query<R extends pg.QueryResultRow = Record<string, never>>(query: UnscopedQuery): Promise<R[]>;
}

/** Whether a transaction is of a tenant: then it reads and writes the tables of tenants, too. */
export function isOfTenant(transaction: SharedTransaction): transaction is TenantTransaction {
  return transaction.tenantId !== null;
}

/** The one way to PostgreSQL, but for the streams of exports. */
export interface Database {
  /**
   * Runs in one transaction that sees and writes rows of this tenant only. It commits when `run` is done, and rolls back
   * when it throws. Nothing else reaches a table of tenants. It runs again, a few times, when PostgreSQL gives it up for
   * the sake of another transaction: `run` must do nothing that a rollback does not undo. When the signal is aborted, the
   * caller waits for no connection, the running statement is cancelled, and the transaction rolls back.
   */
  withTenant<T>(
    tenantId: string,
    run: (transaction: TenantTransaction) => Promise<T>,
    options?: StatementOptions,
  ): Promise<T>;
  /** Likewise, outside of any tenant: it sees and writes rows of the platform only. */
  withPlatform<T>(run: (transaction: PlatformTransaction) => Promise<T>, options?: StatementOptions): Promise<T>;
  /**
   * Runs a statement outside of any tenant: functions that serve all tenants, tables of the platform, probes. The type
   * takes no table of tenants, and row-level security shows none of their rows. It runs again, a few times, when PostgreSQL
   * gives it up for the sake of another transaction.
   */
  query<R extends pg.QueryResultRow = Record<string, never>>(
    query: UnscopedQuery,
    options?: StatementOptions,
  ): Promise<R[]>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Creates the database on a pool. */
export function createDatabase(options: QueryInstrumentsOptions & { readonly pool: ConnectionPool }): Database {
  const { pool } = options;
  const instruments = createQueryInstruments(options);
  const borrow = <T>(signal: AbortSignal | undefined, run: (lent: LentConnection) => Promise<T>): Promise<T> =>
    retryConflicts(
      () => withConnection({ instruments, pool, signal }, run),
      (conflict) => instruments.retryTransaction(conflict),
    );
  const inTransaction = <T>(
    tenantId: string | null,
    signal: AbortSignal | undefined,
    run: (query: TenantTransaction['query']) => Promise<T>,
  ): Promise<T> =>
    borrow(signal, (lent) => runTransaction(lent, tenantId, () => run((query) => runQuery(lent, query))));
  return {
    query: (query, { signal } = {}) => borrow(signal, (lent) => runQuery(lent, query)),
    withTenant: (tenantId, run, { signal } = {}) =>
      inTransaction(tenantId, signal, (query) => run({ tenantId, query })),
    withPlatform: (run, { signal } = {}) => inTransaction(null, signal, (query) => run(platformTransaction(query))),
  };
}

/** The statement that makes a transaction one of a tenant. @throws TypeError for what is not a UUID */
export function setTenantStatement(tenantId: string): string {
  // A simple query takes no parameters; this check is what makes the literal safe.
  if (!UUID.test(tenantId)) throw new TypeError(`"${tenantId}" is not a tenant's id: it must be a UUID`);
  return `SELECT set_config('app.tenant_id', '${tenantId}', true)`;
}

interface Lending {
  readonly instruments: QueryInstruments;
  readonly pool: ConnectionPool;
  readonly signal: AbortSignal | undefined;
}

/** A connection in the hands of one caller. */
interface LentConnection extends Lending {
  readonly client: pg.PoolClient;
  /**
   * Whether the server has left a statement without an answer. What pg knows of the transaction is out of date then, and
   * the answer, which may come yet, would hold up whoever uses the connection next.
   */
  isUnanswered: boolean;
}

function platformTransaction(query: TenantTransaction['query']): PlatformTransaction {
  const set = (text: string) => query({ operation: 'SELECT', table: 'pg_catalog', text });
  return {
    tenantId: null,
    query,
    asTenant: async (tenantId, run) => {
      await set(setTenantStatement(tenantId));
      const result = await run({ tenantId, query });
      // What throws rolls back, and the setting with it.
      await set(`SELECT set_config('app.tenant_id', '', true)`);
      return result;
    },
  };
}

async function runTransaction<T>(lent: LentConnection, tenantId: string | null, run: () => Promise<T>): Promise<T> {
  const { instruments, signal } = lent;
  // The setting of the last transaction ended with it.
  const begin = tenantId === null ? 'BEGIN' : `BEGIN; ${setTenantStatement(tenantId)}`;
  const startedAt = performance.now();
  try {
    // One round trip for both.
    await send(lent, begin);
    const result = await run();
    signal?.throwIfAborted();
    await send(lent, 'COMMIT');
    instruments.endTransaction('commit', startedAt);
    return result;
  } catch (error) {
    instruments.endTransaction('rollback', startedAt);
    // What failed is what the caller must hear of. A connection that cannot roll back is closed, which rolls back, too.
    if (!lent.isUnanswered) await send(lent, 'ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function runQuery<R extends pg.QueryResultRow>(lent: LentConnection, query: Query): Promise<R[]> {
  const { instruments, pool, client, signal } = lent;
  const run = async (): Promise<R[]> => {
    const result = await send<R>(lent, query.text, query.values ?? []);
    return result.rows;
  };
  return instruments.observe(query, () => runCancellable(run, () => pool.cancel(client), signal));
}

async function send<R extends pg.QueryResultRow>(
  lent: LentConnection,
  text: string,
  values?: readonly unknown[],
): Promise<pg.QueryResult<R>> {
  try {
    return await lent.client.query<R>(text, values === undefined ? undefined : [...values]);
  } catch (error) {
    if (!isAnswerOfServer(error)) lent.isUnanswered = true;
    throw error;
  }
}

/** Lends a connection. One whose transaction may still be open, or that broke, is closed instead of being lent again. */
async function withConnection<T>(lending: Lending, run: (lent: LentConnection) => Promise<T>): Promise<T> {
  const client = await lending.pool.connect(lending.signal);
  const lent: LentConnection = { ...lending, client, isUnanswered: false };
  try {
    const result = await run(lent);
    client.release();
    return result;
  } catch (error) {
    const isClean = !lent.isUnanswered && client.getTransactionStatus() === 'I';
    client.release(!isClean);
    throw toDatabaseError(error);
  }
}
