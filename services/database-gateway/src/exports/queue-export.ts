import { runExportJob, type RunExportPayload } from '@aion/contracts';
import { captureCarrier, type TraceCarrier } from '@aion/tracing';
import type { TenantTransaction } from '../database/database.ts';
import { insertOutboxRow } from '../outbox/outbox-store.ts';

/**
 * Writes the outbox row that queues an export. Each time that an export is queued has an id of its own in the queue: a job
 * that the queue still remembers must not swallow the one that replaces it.
 */
export async function queueExport(
  transaction: TenantTransaction,
  { id, queuedTimes, carrier }: { readonly id: string; readonly queuedTimes: number; readonly carrier?: TraceCarrier },
): Promise<void> {
  const payload: RunExportPayload = { export_id: id, tenant_id: transaction.tenantId };
  await insertOutboxRow(transaction, {
    dedupeKey: exportJobId(id, queuedTimes),
    topic: runExportJob.name,
    payload,
    carrier: carrier ?? captureCarrier(),
  });
}

/** The id of an export's job in the queue, and its dedupe key in the outbox. */
export function exportJobId(id: string, queuedTimes: number): string {
  return queuedTimes === 1 ? `run-export-${id}` : `run-export-${id}-${queuedTimes}`;
}
