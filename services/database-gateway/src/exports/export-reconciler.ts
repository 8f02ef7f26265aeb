import { runExportJob, type ExportFailureCode } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import type { TraceCarrier } from '@aion/tracing';
import type { Database, TenantTransaction } from '../database/database.ts';
import type { OnExportEnd } from './count-export-ends.ts';
import { failUnfinished } from './export-claims.ts';
import { queueExport } from './queue-export.ts';

/** When an unfinished export that nobody works on is looked after. */
export interface ExportReconcilerOptions {
  readonly database: Database;
  readonly logger: Logger;
  /** Told of the exports that it ends. */
  readonly onEnd?: OnExportEnd;
  /** How long it may rest before it is queued again. Doubled each time, up to an hour. */
  readonly requeueMs: number;
  /** How long it may go without progress before it fails. */
  readonly deadlineMs: number;
  /** How many claims may end without an end of the export before it fails: a poison export must not run for ever. */
  readonly maxClaims?: number;
}

/** Looks after exports that the queue has lost or whose workers died. */
export interface ExportReconciler {
  /** Looks once. Any number of processes may do so at once. */
  reconcile(): Promise<void>;
}

interface UnattendedRow {
  readonly [column: string]: unknown;
  readonly epoch: number;
  readonly queued_times: number;
  readonly is_overdue: boolean;
  readonly is_due: boolean;
  readonly is_in_outbox: boolean;
  readonly carrier: TraceCarrier | null;
}

/** What was done about an export. */
type Care =
  | { readonly done: 'failed'; readonly code: ExportFailureCode; readonly ageSeconds: number }
  | { readonly done: 'queued again' };

const MAX_PAUSE_MS = 3_600_000;
const MAX_EXPORTS = 100;
const ACTOR = 'service:database-gateway';

/** Creates the reconciler. */
export function createExportReconciler(options: ExportReconcilerOptions): ExportReconciler {
  const { database, logger } = options;
  return {
    reconcile: async () => {
      const exports = await database.query<{ tenant_id: string; export_id: string }>({
        operation: 'CALL',
        table: 'export_jobs',
        text: `SELECT * FROM list_unattended_exports($1 * interval '1 ms', $2)`,
        values: [options.requeueMs, MAX_EXPORTS],
      });
      for (const { tenant_id: tenantId, export_id: id } of exports) {
        try {
          const care = await database.withTenant(tenantId, (transaction) => lookAfter(transaction, id, options));
          if (care !== undefined) report(id, care, options);
        } catch (error) {
          // The others must not wait for it, which is looked after again with the next look.
          logger.warn('An export could not be looked after', { export_id: id, error });
        }
      }
    },
  };
}

function report(id: string, care: Care, { logger, onEnd }: ExportReconcilerOptions): void {
  const failure = care.done === 'failed' ? { failure: care.code } : {};
  logger.warn('An export that no worker held was looked after', { export_id: id, done: care.done, ...failure });
  if (care.done === 'failed') onEnd?.({ outcome: 'failed', code: care.code, ageSeconds: care.ageSeconds });
}

async function lookAfter(
  transaction: TenantTransaction,
  id: string,
  options: ExportReconcilerOptions,
): Promise<Care | undefined> {
  const row = await lockUnattended(transaction, id, options);
  if (row === undefined) return undefined;
  const failure = reasonToFail(row, options);
  if (failure !== undefined) {
    const ageSeconds = await failUnfinished(transaction, id, { epoch: row.epoch, ...failure }, ACTOR);
    return ageSeconds === undefined ? undefined : { done: 'failed', code: failure.code, ageSeconds };
  }
  // While its row waits in the outbox, it is the queue that is away: more rows would only pile up.
  if (!row.is_due || row.is_in_outbox) return undefined;
  const queuedTimes = row.queued_times + 1;
  await transaction.query({
    operation: 'UPDATE',
    table: 'export_jobs',
    text: 'UPDATE export_jobs SET queued_times = $3, updated_at = now() WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id, queuedTimes],
  });
  // The trace of the request goes on.
  await queueExport(transaction, { id, queuedTimes, carrier: row.carrier ?? {} });
  return { done: 'queued again' };
}

/** Locks the export if it still is as it was listed and no other process looks after it. */
async function lockUnattended(transaction: TenantTransaction, id: string, options: ExportReconcilerOptions) {
  const [row] = await transaction.query<UnattendedRow>({
    operation: 'SELECT',
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
    values: [
      transaction.tenantId,
      id,
      options.requeueMs,
      options.deadlineMs,
      Math.max(MAX_PAUSE_MS, options.requeueMs),
      runExportJob.name,
    ],
  });
  return row;
}

function reasonToFail(
  row: UnattendedRow,
  { deadlineMs, maxClaims = 20 }: ExportReconcilerOptions,
): { readonly code: ExportFailureCode; readonly message: string } | undefined {
  if (row.is_overdue) {
    return {
      code: 'NO_PROGRESS',
      message: `The export made no progress for ${Math.round(deadlineMs / 60_000)} minutes. Request it again.`,
    };
  }
  if (row.epoch >= maxClaims) {
    return { code: 'ATTEMPTS_EXHAUSTED', message: `The export was begun ${row.epoch} times and never finished.` };
  }
  return undefined;
}
