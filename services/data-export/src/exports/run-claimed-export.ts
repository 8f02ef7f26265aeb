import { parseAgeRecipient, type SigningKey } from '@aion/bundle';
import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { JobResult } from '@aion/queue';
import { withSpan } from '@aion/tracing';
import { commitExport, UncertainCommitError } from './commit-export.ts';
import { classifyExportFailure, failExport, isSuperseded, SUPERSEDED } from './export-failure.ts';
import type { ClaimedExport, ExportGateway } from './export-gateway.ts';
import type { ExportObjects } from './export-objects.ts';
import { startLease, type Lease } from './lease.ts';
import { createProgressTracker, type ProgressTracker } from './progress-tracker.ts';
import { writeBundle } from './write-bundle.ts';

/** Dependencies of `runClaimedExport`. */
export interface RunClaimedExportDeps {
  readonly gateway: ExportGateway;
  readonly objects: ExportObjects;
  readonly signingKey: SigningKey;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Recorded in the manifest. */
  readonly version: string;
  readonly leaseMs: number;
  readonly maxPartBytes: number;
  /** Number of attempts after which a failure that may be temporary ends the export; default 8. */
  readonly maxAttempts?: number;
}

/** One run of a claimed export. */
interface ClaimedRun {
  readonly claimed: ClaimedExport;
  readonly lease: Lease;
  readonly progress: ProgressTracker;
  /** Aborted when the worker has to stop. */
  readonly interrupt: AbortSignal;
  /** `performance.now()`. */
  readonly startedAt: number;
}

const COMMIT_ATTEMPTS_PER_LEASE = 10;
const DEFAULT_MAX_ATTEMPTS = 8;
/** Less than the time after which database-gateway queues an export again (`AION_EXPORT_REQUEUE_MS`). */
const MAX_DELAY_MS = 60_000;

/** Result of an interrupted run. It is due again as soon as its released lease has expired. */
const INTERRUPTED: JobResult = { status: 'retry', delayMs: 1_000, reason: 'the worker is closing' };

/** Works on a claimed export until it is ready or this run has failed, then deletes stale objects. Never throws. */
export async function runClaimedExport(
  deps: RunClaimedExportDeps,
  claimed: ClaimedExport,
  interrupt: AbortSignal,
  claimedAt: number,
): Promise<JobResult> {
  const { gateway, leaseMs, metrics, logger } = deps;
  const progress = createProgressTracker(metrics);
  const lease = startLease({
    leaseMs,
    claimedAt,
    renew: (state, forMs, signal) =>
      gateway.renew(claimed, { leaseMs: forMs, state, progress: progress.current() }, signal),
  });
  const run: ClaimedRun = { claimed, lease, progress, interrupt, startedAt: claimedAt };
  logger.info('Export started', idsOf(claimed));
  try {
    await makeReady(deps, run);
  } catch (error) {
    return concludeFailure(deps, run, error);
  }
  await deleteOlderObjects(deps, claimed);
  return { status: 'completed' };
}

async function makeReady(deps: RunClaimedExportDeps, run: ClaimedRun): Promise<void> {
  const { gateway, objects, signingKey, maxPartBytes, version } = deps;
  const { claimed, lease, progress } = run;
  const stop = AbortSignal.any([run.interrupt, lease.signal]);
  try {
    // Checked before the snapshot, which an unusable recipient would waste.
    parseAgeRecipient(claimed.recipient);
    const sink = objects.sink(claimed);
    const written = await writeBundle({ gateway, claimed, sink, signingKey, maxPartBytes, version, progress }, stop);
    const bundle = await withSpan('export seal', {}, async () => {
      await lease.startFinalizing();
      return written.finalize();
    });
    const files = bundle.files.map((file) => ({ ...file, key: objects.key(claimed, file.path) }));
    const finalized = { manifestSha256: bundle.manifestSha256, rows: bundle.totals.rows, files };
    const pauseMs = deps.leaseMs / COMMIT_ATTEMPTS_PER_LEASE;
    await withSpan('export commit', {}, () => commitExport({ gateway, claimed, finalized, pauseMs }, stop));
    deps.logger.info('Export ready', {
      ...idsOf(claimed),
      tables: bundle.totals.tables,
      rows: bundle.totals.rows,
      files: files.length,
      plain_bytes: bundle.totals.plainBytes,
      bundle_bytes: bundle.totals.bytes,
      duration_ms: Math.round(performance.now() - run.startedAt),
    });
  } finally {
    await lease.stop();
  }
}

/** Deletes objects of earlier runs after the commit. A failure to do so does not fail the export. */
async function deleteOlderObjects({ objects, logger }: RunClaimedExportDeps, claimed: ClaimedExport): Promise<void> {
  try {
    const deleted = await withSpan('export sweep', {}, () => objects.deleteOtherRuns(claimed));
    if (deleted > 0) logger.info('Objects of earlier runs deleted', { ...idsOf(claimed), deleted });
  } catch (error) {
    logger.warn('Objects of earlier runs could not be deleted', { ...idsOf(claimed), error });
  }
}

/**
 * Ends a run whose export is not ready: decides the result, releases the lease for the next run, and deletes the objects
 * of this run unless they may have been committed. Never throws.
 */
async function concludeFailure(deps: RunClaimedExportDeps, run: ClaimedRun, thrown: unknown): Promise<JobResult> {
  const { claimed, lease } = run;
  const mayBeCommitted = thrown instanceof UncertainCommitError;
  const result = await decideResult(deps, run, mayBeCommitted ? thrown.cause : thrown);
  const hasFailed = result.status === 'completed';
  const releasesLease = !hasFailed && result !== SUPERSEDED;
  const deleteObjects = async (): Promise<void> => {
    if (hasFailed) await deps.objects.deleteAllExcept(claimed, []);
    else if (!mayBeCommitted) await deps.objects.deleteRun(claimed);
  };
  const [released, deleted] = await Promise.allSettled([
    releasesLease ? lease.release() : undefined,
    withSpan('export sweep', {}, deleteObjects),
  ]);
  const isTakenOver = released.status === 'rejected' && isSuperseded(released.reason);
  if (isTakenOver) {
    // The job's lock is lost before the lease when a frozen worker resumes: the run then looks like an interrupted one.
    deps.logger.warn('Export superseded by a newer fencing token', idsOf(claimed));
  } else if (released.status === 'rejected') {
    deps.logger.warn('Lease could not be released, it will expire', { ...idsOf(claimed), error: released.reason });
  }
  if (deleted.status === 'rejected') {
    deps.logger.warn('Objects of a failed run could not be deleted', { ...idsOf(claimed), error: deleted.reason });
  }
  return isTakenOver ? SUPERSEDED : result;
}

async function decideResult(deps: RunClaimedExportDeps, run: ClaimedRun, thrown: unknown): Promise<JobResult> {
  const { claimed, lease, interrupt, progress } = run;
  // A lost lease stops everything else; the error thrown after that is only a consequence.
  const cause: unknown = lease.signal.aborted ? lease.signal.reason : thrown;
  const { tablesDone, rows, bytes } = progress.current();
  const durationMs = performance.now() - run.startedAt;
  const fields = { ...idsOf(claimed), tables: tablesDone, rows, plain_bytes: bytes, duration_ms: durationMs };
  if (isSuperseded(cause)) {
    deps.logger.warn('Export superseded by a newer fencing token', fields);
    return SUPERSEDED;
  }
  if (interrupt.aborted) {
    deps.logger.info('Export released at shutdown', fields);
    return INTERRUPTED;
  }
  const { failure, maxAttempts, quotesData } = classifyExportFailure(cause, deps.maxAttempts ?? DEFAULT_MAX_ATTEMPTS);
  const failureFields = { ...fields, ...(quotesData ? { error_code: errorCode(cause) } : { error: cause }) };
  if (claimed.fencingToken >= maxAttempts) return failExport(deps, claimed, failure, failureFields);
  const delayMs = Math.min(deps.leaseMs * 2 ** (claimed.fencingToken - 1), MAX_DELAY_MS);
  deps.logger.warn('Export run failed, will retry', { ...failureFields, delay_ms: delayMs });
  return { status: 'retry', delayMs, reason: failure.code };
}

function idsOf({ exportId, fencingToken }: ClaimedExport): { readonly export_id: string; readonly epoch: number } {
  return { export_id: exportId, epoch: fencingToken };
}
