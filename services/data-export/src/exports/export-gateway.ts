import type {
  Claim,
  ClaimedExport,
  ExportFailure,
  ExportProgress,
  ExportRef,
  SealedExport,
  SnapshotHead,
  WorkingState,
} from './export.ts';

/** A snapshot that lives until it is closed. */
export interface Snapshot {
  readonly head: SnapshotHead;
  /** Resolves with the reason when the snapshot is lost before it was closed. */
  readonly lost: Promise<Error>;
  /** Ends the snapshot. May be called again. */
  close(): void;
}

/**
 * The database side of exports. Every method throws the callee's `AionError`: CONFLICT when the epoch is not the newest,
 * NOT_FOUND when there is no such export, UNAVAILABLE or DEADLINE_EXCEEDED when a retry may help, SCHEMA_DRIFT when none
 * does.
 */
export interface ExportGateway {
  /** CONFLICT while another worker holds the lease, with the time to wait. */
  claim(ref: ExportRef, leaseMs: number): Promise<Claim>;
  renew(claimed: ClaimedExport, lease: LeaseReport, signal?: AbortSignal): Promise<void>;
  /** The commit point; repeating it with the same epoch changes nothing. */
  complete(claimed: ClaimedExport, sealed: SealedExport): Promise<void>;
  fail(claimed: ClaimedExport, failure: ExportFailure): Promise<void>;
  openSnapshot(claimed: ClaimedExport, signal: AbortSignal): Promise<Snapshot>;
  /** The rows of one table as NDJSON. Throws in the middle when the stream is broken off, never ends early. */
  readRows(
    claimed: ClaimedExport,
    snapshotId: string,
    table: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** The object keys of a ready export. */
  readKeys(ref: ExportRef): Promise<readonly string[]>;
}

/** What a renewal tells. */
export interface LeaseReport {
  readonly leaseMs: number;
  readonly state: WorkingState;
  readonly progress: ExportProgress;
}
