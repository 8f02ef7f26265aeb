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

/** Reads a tenant's data at one snapshot. A stream ends, and frees its connection, when `signal` is aborted. */
export interface SnapshotStore {
  /**
   * Opens a snapshot and describes it in a first line; empty lines follow. The snapshot lives until the stream ends.
   * @throws UnavailableError when too many are open; SchemaDriftError when the schema is not the one of the data map
   */
  open(tenantId: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Streams the rows of a table as JSON, one a line, in the order of the primary key.
   * @throws NotFoundError for a table that is not exported; UnavailableError when the snapshot has ended
   */
  readRows(request: RowsRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** What `readRows` reads. */
export interface RowsRequest {
  readonly tenantId: string;
  readonly snapshotId: string;
  readonly table: string;
}

/** How snapshots are held. */
export interface SnapshotStoreOptions extends QueryInstrumentsOptions {
  /** For snapshots and streams alone: each holds a connection for minutes. Twice `maxSnapshots` are needed. */
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
  const slots = createSlots(maxSnapshots);

  return {
    open: async (tenantId, signal) => {
      const freeSlot = slots.take();
      try {
        const session = await openSnapshotSession({ pool, database, tenantId, signal, instruments, logger });
        session.signal.addEventListener('abort', freeSlot, { once: true });
        try {
          const head = await readSnapshotHead(session, tenantId, plan);
          return holdSnapshot(session, head, { heartbeatMs, maxAgeMs });
        } catch (error) {
          await session.close();
          throw error;
        }
      } catch (error) {
        freeSlot();
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
        throw new UnavailableError('The snapshot has ended: its holder is gone.', { cause: error });
      }
    },
  };
}

/** Bounds the holders to half of the connections: the other half is for those who read what they hold. */
function createSlots(max: number): { take(): () => void } {
  const taken = new Set<symbol>();
  return {
    take: () => {
      if (taken.size >= max) {
        throw new UnavailableError(`${max} exports hold a snapshot here: that is the most.`, { retryAfterSeconds: 5 });
      }
      const slot = Symbol('snapshot');
      taken.add(slot);
      return () => void taken.delete(slot);
    },
  };
}

/** `SET TRANSACTION SNAPSHOT` of a snapshot whose session has ended: 22023 up to PostgreSQL 16, 42704 since. */
function isSnapshotGone(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '22023' || error.code === '42704');
}
