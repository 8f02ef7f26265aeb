import { AionError, errorCode } from '@aion/errors';
import { withSpan } from '@aion/tracing';
import { WORKERS_LOST } from './classify-failure.ts';
import type { Claim, ExportOutcome, ExportRef } from './export.ts';
import type { ExportServiceDeps } from './export-service-deps.ts';
import { failExport } from './fail-export.ts';
import { runClaimed } from './run-claimed.ts';
import { isUnanswered } from './run-errors.ts';

/** Makes exports. */
export interface ExportService {
  /**
   * Works on an export until it is ready, has failed, or has to be run again.
   * @param interrupt aborted when the worker has to stop: the run ends soon, with nothing half done.
   */
  run(ref: ExportRef, interrupt: AbortSignal): Promise<ExportOutcome>;
}

const DEFAULT_MAX_CLAIMS = 20;

/** Creates the use case. */
export function createExportService(deps: ExportServiceDeps): ExportService {
  return {
    run: async (ref, interrupt) => {
      const claimedAt = performance.now();
      const claim = await withSpan('export claim', {}, () => claimExport(deps, ref));
      if (claim.outcome === 'refused') return claim.refusal;
      if (claim.outcome === 'finished') {
        await sweepFinished(deps, ref, claim.state);
        return { kind: 'nothing-to-do' };
      }
      const { claimed } = claim;
      if (claimed.epoch <= (deps.maxClaims ?? DEFAULT_MAX_CLAIMS)) {
        return runClaimed(deps, claimed, interrupt, claimedAt);
      }
      return failExport(deps, claimed, WORKERS_LOST, { export_id: ref.exportId, epoch: claimed.epoch });
    },
  };
}

/** A refused claim is expected now and then: it is an answer here, so that its span is no error. */
type ClaimAnswer = Claim | { readonly outcome: 'refused'; readonly refusal: ExportOutcome };

async function claimExport(deps: ExportServiceDeps, ref: ExportRef): Promise<ClaimAnswer> {
  try {
    return await deps.gateway.claim(ref, deps.leaseMs);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'NOT_FOUND') {
      deps.logger.warn('Export is not there any more', { export_id: ref.exportId });
      return { outcome: 'refused', refusal: { kind: 'nothing-to-do' } };
    }
    if (code === 'CONFLICT') {
      const seconds = error instanceof AionError ? error.retryAfterSeconds : undefined;
      const retryAfterMs = seconds === undefined ? deps.leaseMs : seconds * 1_000;
      return { outcome: 'refused', refusal: { kind: 'held', retryAfterMs } };
    }
    if (!isUnanswered(error)) throw error;
    deps.logger.warn('Export cannot be claimed now', { export_id: ref.exportId, error });
    return { outcome: 'refused', refusal: { kind: 'retry', code: code ?? 'UNAVAILABLE', delayMs: deps.leaseMs } };
  }
}

/** The worker that ended the export may have died before it had deleted what other epochs left. */
async function sweepFinished(deps: ExportServiceDeps, ref: ExportRef, state: 'ready' | 'failed'): Promise<void> {
  try {
    await withSpan('export sweep', {}, async () => {
      const keptKeys = state === 'ready' ? await deps.gateway.readKeys(ref) : [];
      await deps.objects.sweepAllBut(ref, keptKeys);
    });
  } catch (error) {
    deps.logger.warn('Objects of older epochs could not be deleted', { export_id: ref.exportId, error });
  }
}
