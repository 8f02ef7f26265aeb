import type { ExportFailureCode } from '@aion/contracts';

/** Which export is meant. */
export interface ExportRef {
  readonly exportId: string;
  readonly tenantId: string;
}

/** The right to work on an export until a newer epoch is handed out (lifecycle E2). */
export interface ClaimedExport extends ExportRef {
  /** From 1; every claim raises it, so it also counts how often the export was begun. */
  readonly epoch: number;
  /** The tenant's age recipient. */
  readonly recipient: string;
}

/** What a claim gives: the export, or word that nothing is left to do. */
export type Claim =
  | { readonly outcome: 'claimed'; readonly claimed: ClaimedExport }
  | { readonly outcome: 'finished'; readonly state: 'ready' | 'failed' };

/** How far a run is; `rowsTotal` is what PostgreSQL counted in the snapshot. */
export interface ExportProgress {
  readonly tablesTotal: number;
  readonly tablesDone: number;
  readonly rowsTotal: number;
  readonly rows: number;
  /** Plain bytes. */
  readonly bytes: number;
}

/** The states that a worker reports while it holds the lease. */
export type WorkingState = 'running' | 'sealing';

/** One table of a snapshot. */
export interface SnapshotTable {
  readonly name: string;
  readonly orderBy: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** `count(*)` in the same snapshot. */
  readonly rows: number;
}

/** What all rows of an export are read from. */
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

/** One file of a sealed bundle, where the object store holds it. */
export interface StoredFile {
  readonly path: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What is recorded when an export becomes ready. */
export interface SealedExport {
  readonly manifestSha256: string;
  readonly rows: number;
  readonly files: readonly StoredFile[];
}

/** Why an export has failed, in words that its owner may read. */
export interface ExportFailure {
  readonly code: ExportFailureCode;
  readonly message: string;
}

/** How one run of an export has ended. `ready` and `failed` end the export itself. */
export type ExportOutcome =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly failure: ExportFailure }
  /** It had ended before this run, or is no longer there. */
  | { readonly kind: 'nothing-to-do' }
  /** Another worker holds the lease. */
  | { readonly kind: 'held'; readonly retryAfterMs: number }
  /** A newer epoch has taken over: this run has completed nothing. */
  | { readonly kind: 'superseded' }
  /** The run was told to stop; the next one starts over. */
  | { readonly kind: 'interrupted' }
  /** It failed in a way that another run may mend. */
  | { readonly kind: 'retry'; readonly code: string; readonly delayMs: number };
