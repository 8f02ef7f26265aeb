import { parseAgeRecipient } from '@aion/bundle';
import { withSpan } from '@aion/tracing';
import { commitExport } from './commit-export.ts';
import type { ClaimedRun } from './claimed-run.ts';
import { concludeFailure } from './conclude-failure.ts';
import type { ClaimedExport, ExportOutcome } from './export.ts';
import type { ExportServiceDeps } from './export-service-deps.ts';
import { startLease } from './lease.ts';
import { createProgressTracker } from './progress-tracker.ts';
import { copySnapshot } from './write-bundle.ts';

const COMMIT_TRIES_PER_LEASE = 10;

/** Works on a claimed export until it is ready, or until this run has failed; then tidies up. Never throws. */
export async function runClaimed(
  deps: ExportServiceDeps,
  claimed: ClaimedExport,
  interrupt: AbortSignal,
  claimedAt: number,
): Promise<ExportOutcome> {
  const { gateway, leaseMs, metrics, logger } = deps;
  const progress = createProgressTracker((rows, bytes) => metrics.written(rows, bytes));
  const lease = startLease({
    leaseMs,
    claimedAt,
    renew: (state, forMs, signal) =>
      gateway.renew(claimed, { leaseMs: forMs, state, progress: progress.current() }, signal),
  });
  const run: ClaimedRun = { claimed, lease, progress, interrupt, startedAt: claimedAt };
  logger.info('Export started', { export_id: claimed.exportId, epoch: claimed.epoch });
  try {
    await makeReady(deps, run);
  } catch (error) {
    return concludeFailure(deps, run, error);
  }
  await sweepOlder(deps, claimed);
  return { kind: 'ready' };
}

async function makeReady(deps: ExportServiceDeps, run: ClaimedRun): Promise<void> {
  const { gateway, objects, signingKey, maxPartBytes, version } = deps;
  const { claimed, lease, progress } = run;
  const stop = AbortSignal.any([run.interrupt, lease.signal]);
  try {
    // Before a snapshot is taken for nothing.
    parseAgeRecipient(claimed.recipient);
    const sink = objects.sink(claimed);
    const copied = await copySnapshot({ gateway, claimed, sink, signingKey, maxPartBytes, version, progress }, stop);
    const bundle = await withSpan('export seal', {}, async () => {
      await lease.enterSealing();
      return copied.seal();
    });
    const files = bundle.files.map((file) => ({ ...file, key: objects.key(claimed, file.path) }));
    const sealed = { manifestSha256: bundle.manifestSha256, rows: bundle.totals.rows, files };
    const pauseMs = deps.leaseMs / COMMIT_TRIES_PER_LEASE;
    await withSpan('export commit', {}, () => commitExport({ gateway, claimed, sealed, pauseMs }, stop));
    deps.logger.info('Export ready', {
      export_id: claimed.exportId,
      epoch: claimed.epoch,
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

/** The bundle is committed: what is left of earlier epochs is waste, and a failure to remove it is no failure. */
async function sweepOlder({ objects, logger }: ExportServiceDeps, claimed: ClaimedExport): Promise<void> {
  const { exportId, epoch } = claimed;
  try {
    const deleted = await withSpan('export sweep', {}, () => objects.sweepOthers(claimed));
    if (deleted > 0) logger.info('Objects of older epochs were deleted', { export_id: exportId, epoch, deleted });
  } catch (error) {
    logger.warn('Objects of older epochs could not be deleted', { export_id: exportId, epoch, error });
  }
}
