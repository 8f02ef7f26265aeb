import type { ExportFailureCode, ExportState } from '@aion/contracts';

/**
 * Database side of exports. Every method throws the callee's `AionError`: CONFLICT when the fencing token is not the
 * newest, NOT_FOUND when the export does not exist, UNAVAILABLE or DEADLINE_EXCEEDED when a retry may succeed,
 * SCHEMA_DRIFT when none can.
 */
export interface ExportGateway {
  /** CONFLICT while another worker holds the lease, with the time to wait. */
  claim(ref: ExportRef, leaseMs: number): Promise<Claim>;
  renew(claimed: ClaimedExport, report: LeaseReport, signal?: AbortSignal): Promise<void>;
  /** Commits the export; repeating it with the same fencing token changes nothing. */
  complete(claimed: ClaimedExport, finalized: FinalizedExport): Promise<void>;
  fail(claimed: ClaimedExport, failure: ExportFailure): Promise<void>;
  openSnapshot(claimed: ClaimedExport, signal: AbortSignal): Promise<Snapshot>;
  /** Streams the rows of one table as NDJSON. An interrupted stream throws, it never ends early. */
  readRows(
    claimed: ClaimedExport,
    snapshotId: string,
    table: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Returns the object keys of a ready export. */
  readKeys(ref: ExportRef): Promise<readonly string[]>;
}

/** Identity of an export. */
export interface ExportRef {
  readonly exportId: string;
  readonly tenantId: string;
}

/** Right to work on an export until a newer fencing token is issued. */
export interface ClaimedExport extends ExportRef {
  /** From 1. Every claim increments it, so it also counts the attempts. */
  readonly fencingToken: number;
  /** The tenant's age recipient. */
  readonly recipient: string;
}

/** Result of a claim: the export, or its final state when no work is left. */
export type Claim =
  | { readonly outcome: 'claimed'; readonly claimed: ClaimedExport }
  | { readonly outcome: 'finished'; readonly state: FinalState };

/** States of an ended export. */
export type FinalState = Extract<ExportState, 'ready' | 'failed'>;

/** States that a worker reports while it holds the lease. */
export type WorkingState = Extract<ExportState, 'running' | 'sealing'>;

/** Content of a lease renewal. */
export interface LeaseReport {
  readonly leaseMs: number;
  readonly state: WorkingState;
  readonly progress: ExportProgress;
}

/** Progress of a run; `rowsTotal` is PostgreSQL's count in the snapshot. */
export interface ExportProgress {
  readonly tablesTotal: number;
  readonly tablesDone: number;
  readonly rowsTotal: number;
  readonly rows: number;
  /** Size before compression and encryption. */
  readonly bytes: number;
}

/** Snapshot that stays open until it is closed. */
export interface Snapshot {
  readonly head: SnapshotHead;
  /** Resolves with the reason when the snapshot is lost before it was closed. */
  readonly lost: Promise<Error>;
  /** Ends the snapshot. Idempotent. */
  close(): void;
}

/** Description of a snapshot, the source of all rows of one run. */
export interface SnapshotHead {
  readonly snapshotId: string;
  readonly xid: string;
  readonly lsn: string;
  readonly takenAt: Date;
  readonly schemaFingerprint: string;
  readonly migration: string;
  readonly tables: readonly SnapshotTable[];
  readonly excluded: readonly { readonly name: string; readonly reason: string }[];
}

/** One table of a snapshot. */
export interface SnapshotTable {
  readonly name: string;
  readonly orderBy: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** `count(*)` in the same snapshot. */
  readonly rows: number;
}

/** Record of a ready export. */
export interface FinalizedExport {
  readonly manifestSha256: string;
  readonly rows: number;
  readonly files: readonly StoredFile[];
}

/** One file of a finalized bundle, with its key in the object store. */
export interface StoredFile {
  readonly path: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Reason of a failed export, in words that its owner may read. */
export interface ExportFailure {
  readonly code: ExportFailureCode;
  readonly message: string;
}
