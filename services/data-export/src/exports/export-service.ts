import { AionError, errorCode } from '@aion/errors';
import type { JobResult } from '@aion/queue';
import { withSpan } from '@aion/tracing';
import { failExport, isUnanswered, WORKERS_LOST } from './export-failure.ts';
import type { Claim, ExportRef, FinalState } from './export-gateway.ts';
import { runClaimedExport, type RunClaimedExportDeps } from './run-claimed-export.ts';

/** Use case of exports. */
export interface ExportService {
  /**
   * Works on an export until it is ready, has failed, or has to be run again. The job of a failed export is completed
   * also: the fencing token in the export's row counts attempts, not the queue, so that the count survives the loss of
   * the queue.
   *
   * @param interrupt aborted when the worker has to stop: the run ends soon and leaves no objects behind
   */
  run(ref: ExportRef, interrupt: AbortSignal): Promise<JobResult>;
}

/** Dependencies of `createExportService`. */
export interface ExportServiceDeps extends RunClaimedExportDeps {
  /** Maximum number of claims, including those of workers that died or were stopped; default 20. */
  readonly maxClaims?: number;
}

const DEFAULT_MAX_CLAIMS = 20;

/** Creates the use case. */
export function createExportService(deps: ExportServiceDeps): ExportService {
  return {
    run: async (ref, interrupt) => {
      const claimedAt = performance.now();
      const claim = await withSpan('export claim', {}, () => claimExport(deps, ref));
      if (claim.outcome === 'rejected') return claim.result;
      if (claim.outcome === 'finished') {
        await deleteStaleObjects(deps, ref, claim.state);
        return { status: 'completed', skipped: true };
      }
      const { claimed } = claim;
      if (claimed.fencingToken <= (deps.maxClaims ?? DEFAULT_MAX_CLAIMS)) {
        return runClaimedExport(deps, claimed, interrupt, claimedAt);
      }
      return failExport(deps, claimed, WORKERS_LOST, { export_id: ref.exportId, epoch: claimed.fencingToken });
    },
  };
}

/** Claim, or its expected rejection as a value, so that the span does not record an error. */
type ClaimAttempt = Claim | { readonly outcome: 'rejected'; readonly result: JobResult };

async function claimExport(deps: ExportServiceDeps, ref: ExportRef): Promise<ClaimAttempt> {
  try {
    return await deps.gateway.claim(ref, deps.leaseMs);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'NOT_FOUND') {
      deps.logger.warn('Export no longer exists', { export_id: ref.exportId });
      return { outcome: 'rejected', result: { status: 'completed', skipped: true } };
    }
    if (code === 'CONFLICT') {
      const seconds = error instanceof AionError ? error.retryAfterSeconds : undefined;
      const delayMs = seconds === undefined ? deps.leaseMs : seconds * 1_000;
      return { outcome: 'rejected', result: { status: 'retry', delayMs, reason: 'another worker holds the lease' } };
    }
    if (!isUnanswered(error)) throw error;
    deps.logger.warn('Export could not be claimed, will retry', { export_id: ref.exportId, error });
    const result: JobResult = { status: 'retry', delayMs: deps.leaseMs, reason: code ?? 'UNAVAILABLE' };
    return { outcome: 'rejected', result };
  }
}

/** Deletes objects of other runs: the worker that ended the export may have died before it deleted them. */
async function deleteStaleObjects(deps: ExportServiceDeps, ref: ExportRef, state: FinalState): Promise<void> {
  try {
    await withSpan('export sweep', {}, async () => {
      const retainedKeys = state === 'ready' ? await deps.gateway.readKeys(ref) : [];
      await deps.objects.deleteAllExcept(ref, retainedKeys);
    });
  } catch (error) {
    deps.logger.warn('Objects of earlier runs could not be deleted', { export_id: ref.exportId, error });
  }
}
