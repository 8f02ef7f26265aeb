import type pg from 'pg';
import type { ConnectionPool } from './connection-pool.ts';
import { toDatabaseError } from './database-error.ts';
import { createQueryInstruments, type QueryInstruments, type QueryInstrumentsOptions } from './query-instruments.ts';
import { retryConflicts } from './retry-conflicts.ts';
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

/** The one way to PostgreSQL, but for the streams of exports. */
export interface Database {
  /**
   * Runs in one transaction that sees and writes rows of this tenant only. It commits when `run` is done, and rolls back
   * when it throws. Nothing else reaches a table of tenants. It runs again, a few times, when PostgreSQL gives it up for
   * the sake of another transaction: `run` must do nothing that a rollback does not undo.
   */
  withTenant<T>(tenantId: string, run: (transaction: TenantTransaction) => Promise<T>): Promise<T>;
  /**
   * Runs a statement outside of any tenant: functions that serve all tenants, tables of the platform, probes. The type
   * takes no table of tenants, and row-level security shows none of their rows.
   */
  query<R extends pg.QueryResultRow = Record<string, never>>(query: UnscopedQuery): Promise<R[]>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Creates the database on a pool. */
export function createDatabase(options: QueryInstrumentsOptions & { readonly pool: ConnectionPool }): Database {
  const { pool } = options;
  const instruments = createQueryInstruments(options);
  return {
    query: (query) => withClient(pool, (client) => runQuery(instruments, client, query)),
    withTenant: (tenantId, run) =>
      retryConflicts(() =>
        withClient(pool, async (client) => {
          const transaction: TenantTransaction = {
            tenantId,
            query: (query) => runQuery(instruments, client, query),
          };
          return runTransaction(instruments, client, tenantId, () => run(transaction));
        }),
      ),
  };
}

/** The statement that makes a transaction one of a tenant. @throws TypeError for what is not a UUID */
export function setTenantStatement(tenantId: string): string {
  // A simple query takes no parameters; this check is what makes the literal safe.
  if (!UUID.test(tenantId)) throw new TypeError(`"${tenantId}" is not a tenant's id: it must be a UUID`);
  return `SELECT set_config('app.tenant_id', '${tenantId}', true)`;
}

async function runTransaction<T>(
  instruments: QueryInstruments,
  client: pg.PoolClient,
  tenantId: string,
  run: () => Promise<T>,
): Promise<T> {
  const setTenant = setTenantStatement(tenantId);
  const startedAt = performance.now();
  try {
    // One round trip for both.
    await client.query(`BEGIN; ${setTenant}`);
    const result = await run();
    await client.query('COMMIT');
    instruments.endTransaction('commit', startedAt);
    return result;
  } catch (error) {
    instruments.endTransaction('rollback', startedAt);
    // What failed is what the caller must hear of. A connection that cannot roll back is closed, which rolls back, too.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function runQuery<R extends pg.QueryResultRow>(
  instruments: QueryInstruments,
  client: pg.PoolClient,
  query: Query,
): Promise<R[]> {
  return instruments.observe(query, async () => {
    const result = await client.query<R>(query.text, [...(query.values ?? [])]);
    return result.rows;
  });
}

/** Lends a connection. One whose transaction may still be open, or that broke, is closed instead of being lent again. */
async function withClient<T>(pool: ConnectionPool, run: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await run(client);
    client.release();
    return result;
  } catch (error) {
    const isClean = client.getTransactionStatus() === 'I';
    client.release(!isClean);
    throw toDatabaseError(error);
  }
}
