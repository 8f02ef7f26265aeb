import { errorCode } from '@aion/errors';
import { withSpan } from '@aion/tracing';
import type { ClaimedRun } from './claimed-run.ts';
import { classifyFailure } from './classify-failure.ts';
import { UncertainCommitError } from './commit-export.ts';
import type { ExportOutcome } from './export.ts';
import type { ExportServiceDeps } from './export-service-deps.ts';
import { failExport } from './fail-export.ts';
import { isSuperseded } from './run-errors.ts';

/** Less than the rest after which database-gateway queues an export again (`AION_EXPORT_REQUEUE_MS`). */
const MAX_DELAY_MS = 60_000;
const DEFAULT_MAX_ATTEMPTS = 8;

/**
 * Ends a run that did not make its export ready: gives it back, or fails the export when its attempts are used up. What
 * the run has written is deleted, unless it may have been committed. Never throws.
 */
export async function concludeFailure(
  deps: ExportServiceDeps,
  run: ClaimedRun,
  thrown: unknown,
): Promise<ExportOutcome> {
  const uncertain = thrown instanceof UncertainCommitError;
  const outcome = await decide(deps, run, uncertain ? thrown.cause : thrown);
  const { exportId, epoch } = run.claimed;
  const tidy = async (): Promise<void> => {
    if (outcome.kind === 'failed') await deps.objects.sweepAllBut(run.claimed, []);
    else if (!uncertain) await deps.objects.sweepEpoch(run.claimed);
  };
  const givesBack = outcome.kind === 'interrupted' || outcome.kind === 'retry';
  const [released, tidied] = await Promise.allSettled([
    givesBack ? run.lease.release() : undefined,
    withSpan('export sweep', {}, tidy),
  ]);
  const fields = { export_id: exportId, epoch };
  if (released.status === 'rejected') {
    deps.logger.warn('Lease could not be released and has to run out', { ...fields, error: released.reason });
  }
  if (tidied.status === 'rejected') {
    deps.logger.warn('Objects of a failed run could not be deleted', { ...fields, error: tidied.reason });
  }
  return outcome;
}

async function decide(deps: ExportServiceDeps, run: ClaimedRun, thrown: unknown): Promise<ExportOutcome> {
  const { claimed, lease, interrupt, progress } = run;
  // A lost lease stops everything else: what that then threw is a consequence.
  const cause: unknown = lease.signal.aborted ? lease.signal.reason : thrown;
  const { tablesDone, rows, bytes } = progress.current();
  const figures = { tables: tablesDone, rows, plain_bytes: bytes, duration_ms: performance.now() - run.startedAt };
  const fields = { export_id: claimed.exportId, epoch: claimed.epoch, ...figures };
  if (isSuperseded(cause)) {
    deps.logger.warn('Export was taken over by a newer epoch', fields);
    return { kind: 'superseded' };
  }
  if (interrupt.aborted) {
    deps.logger.info('Export was handed back', fields);
    return { kind: 'interrupted' };
  }
  const verdict = classifyFailure(cause, deps.maxAttempts ?? DEFAULT_MAX_ATTEMPTS);
  const told = { ...fields, ...(verdict.quotesData ? { error_code: errorCode(cause) } : { error: cause }) };
  if (claimed.epoch >= verdict.attempts) return failExport(deps, claimed, verdict.failure, told);
  const delayMs = Math.min(deps.leaseMs * 2 ** (claimed.epoch - 1), MAX_DELAY_MS);
  deps.logger.warn('Export run failed and will be repeated', { ...told, delay_ms: delayMs });
  return { kind: 'retry', code: verdict.failure.code, delayMs };
}
