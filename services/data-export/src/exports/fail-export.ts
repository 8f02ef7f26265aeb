import type { ClaimedExport, ExportFailure, ExportOutcome } from './export.ts';
import type { ExportServiceDeps } from './export-service-deps.ts';
import { isSuperseded } from './run-errors.ts';

/** Ends an export as failed. When the gateway cannot be told, another run has to do it. Never throws. */
export async function failExport(
  deps: ExportServiceDeps,
  claimed: ClaimedExport,
  failure: ExportFailure,
  fields: Readonly<Record<string, unknown>>,
): Promise<ExportOutcome> {
  try {
    await deps.gateway.fail(claimed, failure);
  } catch (error) {
    if (isSuperseded(error)) return { kind: 'superseded' };
    deps.logger.warn('Export could not be failed and will be tried again', { ...fields, error });
    return { kind: 'retry', code: failure.code, delayMs: deps.leaseMs };
  }
  deps.logger.error('Export failed', { ...fields, failure: failure.code });
  return { kind: 'failed', failure };
}
