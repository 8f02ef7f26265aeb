import { internalRoute, type Caller, type ParkedOutboxRow, routes } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { PlatformTransaction } from '../database/database.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { releaseOutboxRow, selectDeadLetteredRows, type DeadLetteredRow } from './dead-lettered-row-store.ts';

/** Creates the routes by which operators list and release dead-lettered outbox rows. */
export function createOutboxRoutes({ forPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoute(routes.outboxRows.listParked), (transaction, { query }) =>
      listById({
        list: 'parked-outbox-rows',
        query,
        read: (page) => selectDeadLetteredRows(transaction, page),
        toItem: toOutboxRow,
      }),
    ),
    forPlatform(internalRoute(routes.outboxRows.release), (transaction, { params, body, caller }) =>
      releaseRow(transaction, params.outbox_id, body.tenant_id, caller),
    ),
  ];
}

/** Makes a row due again, with its refusals reset. @throws NotFoundError when the tenant has no such dead-lettered row */
async function releaseRow(transaction: PlatformTransaction, id: string, tenantId: string, { actor }: Caller) {
  await releaseOutboxRow(transaction, id, tenantId);
  await transaction.asTenant(tenantId, (tenantTransaction) =>
    recordAuditEvent(tenantTransaction, {
      actor,
      action: 'outbox_row.released',
      targetType: 'tenant',
      targetId: tenantId,
      targetPath: id,
    }),
  );
  return { answer: null };
}

function toOutboxRow(row: DeadLetteredRow): ParkedOutboxRow {
  return { ...row, created_at: row.created_at.toISOString(), parked_at: row.parked_at.toISOString() };
}
