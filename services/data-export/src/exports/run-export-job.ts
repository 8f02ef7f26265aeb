import type { RunExportPayload } from '@aion/contracts';
import type { JobContext, JobHandler, JobResult } from '@aion/queue';
import type { ExportOutcome } from './export.ts';
import type { ExportService } from './export-service.ts';

/** An interrupted run is due again as soon as its lease has expired. */
const INTERRUPTED_DELAY_MS = 1_000;
const SUPERSEDED_DELAY_MS = 5_000;

/** Creates the handler of `run-export`. */
export function createRunExportHandler(service: ExportService): JobHandler<RunExportPayload> {
  return async (payload: RunExportPayload, job: JobContext) => {
    const ref = { exportId: payload.export_id, tenantId: payload.tenant_id };
    return toJobResult(await service.run(ref, job.signal));
  };
}

/**
 * Maps the outcome of a run to the result of its job. The job of a permanently failed export is completed. The attempts
 * of the queue are never used up: the epoch in the export's row counts them, and it survives the loss of the queue.
 */
export function toJobResult(outcome: ExportOutcome): JobResult {
  switch (outcome.kind) {
    case 'ready':
    case 'failed':
      return { status: 'completed' };
    case 'nothing-to-do':
      return { status: 'completed', skipped: true };
    case 'held':
      return { status: 'retry', delayMs: outcome.retryAfterMs, reason: 'another worker holds the lease' };
    case 'superseded':
      // The newer epoch may be of this very job, taken over by another worker: that one will end it.
      return { status: 'retry', delayMs: SUPERSEDED_DELAY_MS, reason: 'a newer epoch has the export' };
    case 'interrupted':
      return { status: 'retry', delayMs: INTERRUPTED_DELAY_MS, reason: 'the worker is closing' };
    case 'retry':
      return { status: 'retry', delayMs: outcome.delayMs, reason: outcome.code };
  }
}
