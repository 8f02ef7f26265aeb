import { runExportJob } from '@aion/contracts';
import type { TraceCarrier } from '@aion/tracing';
import type { Database, TenantTransaction } from '../database/database.ts';

/** An unfinished export without a lease, locked for the transaction. */
export interface UnattendedExportRow {
  readonly [column: string]: unknown;
  readonly epoch: number;
  readonly queued_times: number;
  readonly is_overdue: boolean;
  readonly is_due: boolean;
  readonly is_in_outbox: boolean;
  readonly carrier: TraceCarrier | null;
}

/** Times after which an unattended export is queued again or fails. */
export interface UnattendedExportLimits {
  /** Minimum time since its last change. The pause before it is queued again doubles each time, up to an hour. */
  readonly requeueMs: number;
  /** Longest time without progress. */
  readonly deadlineMs: number;
}

const MAX_PAUSE_MS = 3_600_000;

/** Lists exports of all tenants that are unfinished and without a lease for longer than `requeueMs`. */
export function listUnattendedExports(
  database: Database,
  { requeueMs, limit }: { readonly requeueMs: number; readonly limit: number },
): Promise<readonly { readonly tenant_id: string; readonly export_id: string }[]> {
  return database.query<{ tenant_id: string; export_id: string }>({
    functionOf: 'export_jobs',
    text: `SELECT * FROM list_unattended_exports($1 * interval '1 ms', $2)`,
    values: [requeueMs, limit],
  });
}

/** Locks an export if it is still unattended and no other process has locked it. */
export async function lockUnattendedExport(
  transaction: TenantTransaction,
  id: string,
  { requeueMs, deadlineMs }: UnattendedExportLimits,
): Promise<UnattendedExportRow | undefined> {
  const [row] = await transaction.query<UnattendedExportRow>({
    table: 'export_jobs',
    text: `
      SELECT e.epoch, e.queued_times,
        e.progressed_at < now() - $4 * interval '1 ms' AS is_overdue,
        e.updated_at < now() - least($3 * power(2, least(e.queued_times - 1, 30)), $5) * interval '1 ms' AS is_due,
        EXISTS (SELECT 1 FROM outbox o WHERE o.tenant_id = $1 AND o.published_at IS NULL
                AND o.topic = $6 AND o.payload ->> 'export_id' = e.id::text) AS is_in_outbox,
        (SELECT o.carrier FROM outbox o WHERE o.tenant_id = $1 AND o.topic = $6
         AND o.payload ->> 'export_id' = e.id::text ORDER BY o.id LIMIT 1) AS carrier
      FROM export_jobs e
      WHERE e.tenant_id = $1 AND e.id = $2 AND e.state IN ('requested', 'running', 'sealing')
        AND (e.lease_until IS NULL OR e.lease_until < now())
        AND e.updated_at < now() - $3 * interval '1 ms'
      FOR UPDATE OF e SKIP LOCKED`,
    values: [transaction.tenantId, id, requeueMs, deadlineMs, Math.max(MAX_PAUSE_MS, requeueMs), runExportJob.name],
  });
  return row;
}

/** Stores how many times an export has been queued. */
export async function updateQueuedTimes(
  transaction: TenantTransaction,
  id: string,
  queuedTimes: number,
): Promise<void> {
  await transaction.query({
    table: 'export_jobs',
    text: 'UPDATE export_jobs SET queued_times = $3, updated_at = now() WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id, queuedTimes],
  });
}
