import { NotFoundError, UnavailableError } from '@aion/errors';
import pg from 'pg';
import { planExport } from '../data-map/export-plan.ts';
import type { ConnectionPool } from '../database/connection-pool.ts';
import type { Database } from '../database/database.ts';
import { createQueryInstruments, type QueryInstrumentsOptions } from '../database/query-instruments.ts';
import { copyRows } from './copy-rows.ts';
import { holdSnapshot } from './hold-snapshot.ts';
import { readSnapshotHead } from './snapshot-head.ts';
import { openSnapshotSession } from './snapshot-session.ts';

/** Reads the data of a tenant at one snapshot. A stream ends, and releases its connection, when `signal` is aborted. */
export interface SnapshotStore {
  /**
   * Opens a snapshot and describes it in a first line; empty lines follow. The snapshot lives until the stream ends.
   * @throws UnavailableError when too many are open; SchemaDriftError when the schema differs from the data map
   */
  open(tenantId: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Streams the rows of a table as JSON, one per line, in the order of the primary key.
   * @throws NotFoundError for a table that is not exported; UnavailableError when the snapshot has ended
   */
  readRows(request: RowsRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** Table and snapshot that `readRows` reads. */
export interface RowsRequest {
  readonly tenantId: string;
  readonly snapshotId: string;
  readonly table: string;
}

/** Options of `createSnapshotStore`. */
export interface SnapshotStoreOptions extends QueryInstrumentsOptions {
  /** Pool of snapshots and streams alone: each uses a connection for minutes. Needs twice `maxSnapshots` connections. */
  readonly pool: ConnectionPool;
  readonly database: Database;
  readonly maxSnapshots: number;
  readonly maxSnapshotAgeMs: number;
  /** Default 5 000. */
  readonly heartbeatMs?: number;
}

/** Creates the store. */
export function createSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  const { pool, database, logger, maxSnapshots, maxSnapshotAgeMs: maxAgeMs, heartbeatMs = 5_000 } = options;
  const plan = planExport();
  const instruments = createQueryInstruments(options);
  const permits = createSemaphore(maxSnapshots);

  return {
    open: async (tenantId, signal) => {
      const releasePermit = permits.acquire();
      try {
        const session = await openSnapshotSession({ pool, database, tenantId, signal, instruments, logger });
        session.signal.addEventListener('abort', releasePermit, { once: true });
        try {
          const head = await readSnapshotHead(session, tenantId, plan);
          return holdSnapshot(session, head, { heartbeatMs, maxAgeMs });
        } catch (error) {
          await session.close();
          throw error;
        }
      } catch (error) {
        releasePermit();
        throw error;
      }
    },
    readRows: async ({ tenantId, snapshotId, table: name }, signal) => {
      const table = plan.tables.find((candidate) => candidate.name === name);
      if (table === undefined) throw new NotFoundError(`The table "${name}" is not exported.`);
      try {
        const session = await openSnapshotSession({
          pool,
          database,
          tenantId,
          snapshotId,
          signal,
          instruments,
          logger,
        });
        return copyRows({ session, table, tenantId, instruments });
      } catch (error) {
        if (!isSnapshotGone(error)) throw error;
        throw new UnavailableError('The snapshot has ended with the stream that opened it.', { cause: error });
      }
    },
  };
}

/** Limits snapshots to half of the connections: the other half serves the streams of their rows. */
function createSemaphore(max: number): { acquire(): () => void } {
  const taken = new Set<symbol>();
  return {
    acquire: () => {
      if (taken.size >= max) {
        throw new UnavailableError(`The limit of ${max} open snapshots is reached.`, { retryAfterSeconds: 5 });
      }
      const permit = Symbol('snapshot');
      taken.add(permit);
      return () => void taken.delete(permit);
    },
  };
}

/** Returns true if a session failed to open because its snapshot has ended: 22023 up to PostgreSQL 16, 42704 since. */
function isSnapshotGone(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '22023' || error.code === '42704');
}
