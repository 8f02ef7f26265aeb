import type { RunExportPayload } from '@aion/contracts';
import { RetryJobLaterError, type JobContext, type JobHandler, type JobOutcome } from '@aion/queue';
import type { ExportOutcome } from './export.ts';
import type { ExportService } from './export-service.ts';

/** A run that was handed back is due as soon as its lease has run out. */
const HANDED_BACK_DELAY_MS = 1_000;
const SUPERSEDED_DELAY_MS = 5_000;

/** What a job's end is to the queue: it is done, or it comes again later without having used up an attempt. */
export type JobVerdict =
  | { readonly kind: 'end'; readonly outcome: JobOutcome }
  | { readonly kind: 'later'; readonly delayMs: number; readonly reason: string };

/**
 * Classifies the outcome of a run. An export that has failed for good is a job that is done. The attempts of the queue
 * are never used up: the epoch in the export's row counts them, and it survives the loss of the queue.
 */
export function classifyOutcome(outcome: ExportOutcome): JobVerdict {
  switch (outcome.kind) {
    case 'ready':
    case 'failed':
      return { kind: 'end', outcome: 'done' };
    case 'nothing-to-do':
      return { kind: 'end', outcome: 'skipped' };
    case 'held':
      return { kind: 'later', delayMs: outcome.retryAfterMs, reason: 'another worker holds the export' };
    case 'superseded':
      // The newer epoch may be of this very job, taken over by another worker: that one will end it.
      return { kind: 'later', delayMs: SUPERSEDED_DELAY_MS, reason: 'a newer epoch has the export' };
    case 'interrupted':
      return { kind: 'later', delayMs: HANDED_BACK_DELAY_MS, reason: 'the worker stops' };
    case 'retry':
      return { kind: 'later', delayMs: outcome.delayMs, reason: outcome.code };
  }
}

/** Creates the handler of `run-export`. */
export function createRunExportHandler(service: ExportService): JobHandler<RunExportPayload> {
  return async (payload: RunExportPayload, job: JobContext) => {
    const ref = { exportId: payload.export_id, tenantId: payload.tenant_id };
    const verdict = classifyOutcome(await service.run(ref, job.signal));
    if (verdict.kind === 'end') return verdict.outcome;
    throw new RetryJobLaterError({ delayMs: verdict.delayMs, reason: verdict.reason });
  };
}
