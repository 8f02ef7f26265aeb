import type { ExportFailureCode } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import type { Database, TenantTransaction } from '../database/database.ts';
import type { OnExportEnd } from './count-export-ends.ts';
import { failUnfinished } from './export-claims.ts';
import { queueExport } from './queue-export.ts';
import {
  listUnattendedExports,
  lockUnattendedExport,
  updateQueuedTimes,
  type UnattendedExportLimits,
  type UnattendedExportRow,
} from './unattended-export-store.ts';

/** Options of `createExportReconciler`. */
export interface ExportReconcilerOptions extends UnattendedExportLimits {
  readonly database: Database;
  readonly logger: Logger;
  /** Called for each export that the reconciler ends. */
  readonly onEnd?: OnExportEnd;
  /** Claims after which an unfinished export fails, so that an export that kills its workers ends. Default 20. */
  readonly maxClaims?: number;
}

/** Reconciler of exports that the queue has lost or whose workers died. */
export interface ExportReconciler {
  /** Queues unattended exports again or fails them. Any number of processes may do so concurrently. */
  reconcile(): Promise<void>;
}

type ReconcileAction =
  | { readonly done: 'failed'; readonly code: ExportFailureCode; readonly ageSeconds: number }
  | { readonly done: 'queued again' };

const MAX_EXPORTS = 100;
const ACTOR = 'service:database-gateway';

/** Creates the reconciler. */
export function createExportReconciler(options: ExportReconcilerOptions): ExportReconciler {
  const { database, logger, requeueMs } = options;
  return {
    reconcile: async () => {
      const exports = await listUnattendedExports(database, { requeueMs, limit: MAX_EXPORTS });
      for (const { tenant_id: tenantId, export_id: id } of exports) {
        try {
          const action = await database.withTenant(tenantId, (transaction) =>
            reconcileExport(transaction, id, options),
          );
          if (action !== undefined) report(id, action, options);
        } catch (error) {
          // The other exports are reconciled nevertheless; this one in the next run.
          logger.warn('Reconciliation of an export failed, will retry', { export_id: id, error });
        }
      }
    },
  };
}

function report(id: string, action: ReconcileAction, { logger, onEnd }: ExportReconcilerOptions): void {
  const failure = action.done === 'failed' ? { failure: action.code } : {};
  logger.warn('Export without a lease reconciled', { export_id: id, done: action.done, ...failure });
  if (action.done === 'failed') onEnd?.({ outcome: 'failed', code: action.code, ageSeconds: action.ageSeconds });
}

async function reconcileExport(
  transaction: TenantTransaction,
  id: string,
  options: ExportReconcilerOptions,
): Promise<ReconcileAction | undefined> {
  const row = await lockUnattendedExport(transaction, id, options);
  if (row === undefined) return undefined;
  const failure = findFailure(row, options);
  if (failure !== undefined) {
    const ageSeconds = await failUnfinished(transaction, id, { epoch: row.epoch, ...failure }, ACTOR);
    return ageSeconds === undefined ? undefined : { done: 'failed', code: failure.code, ageSeconds };
  }
  // An unpublished outbox row means that the queue is unavailable: further rows would only accumulate.
  if (!row.is_due || row.is_in_outbox) return undefined;
  const queuedTimes = row.queued_times + 1;
  await updateQueuedTimes(transaction, id, queuedTimes);
  // Continues the trace of the request.
  await queueExport(transaction, { id, queuedTimes, carrier: row.carrier ?? {} });
  return { done: 'queued again' };
}

function findFailure(
  row: UnattendedExportRow,
  { deadlineMs, maxClaims = 20 }: ExportReconcilerOptions,
): { readonly code: ExportFailureCode; readonly message: string } | undefined {
  if (row.is_overdue) {
    return {
      code: 'NO_PROGRESS',
      message: `The export made no progress for ${Math.round(deadlineMs / 60_000)} minutes. Request it again.`,
    };
  }
  if (row.epoch >= maxClaims) {
    return { code: 'ATTEMPTS_EXHAUSTED', message: `The export was started ${row.epoch} times and never finished.` };
  }
  return undefined;
}
