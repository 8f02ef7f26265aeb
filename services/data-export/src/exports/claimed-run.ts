import type { ClaimedExport } from './export.ts';
import type { Lease } from './lease.ts';
import type { ProgressTracker } from './progress-tracker.ts';

/** One run of a claimed export. */
export interface ClaimedRun {
  readonly claimed: ClaimedExport;
  readonly lease: Lease;
  readonly progress: ProgressTracker;
  /** Aborted when the worker has to stop. */
  readonly interrupt: AbortSignal;
  /** `performance.now()`. */
  readonly startedAt: number;
}
