import { runExportJob, type RunExportPayload } from '@aion/contracts';
import { captureCarrier, type TraceCarrier } from '@aion/tracing';
import type { TenantTransaction } from '../database/database.ts';
import { insertOutboxRow } from '../outbox/outbox-store.ts';

/**
 * Inserts the outbox row that queues an export. Each time an export is queued, its job gets another id: the queue would
 * ignore a job whose id it still remembers.
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

/** Returns the id of an export's job in the queue, which is also its dedupe key in the outbox. */
export function exportJobId(id: string, queuedTimes: number): string {
  return queuedTimes === 1 ? `run-export-${id}` : `run-export-${id}-${queuedTimes}`;
}
