import { internalRoute, type Caller, routes, internalRoutes, type BodyOf } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import { requireFinishedAt } from './export-downloads.ts';
import { toTenantExport } from './export-row.ts';
import { insertExport, requireExport, selectExports } from './export-store.ts';
import { queueExport } from './queue-export.ts';

/** Creates the routes by which a tenant requests its exports and follows them. */
export function createExportRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.exports.create), (transaction, { body, caller }) =>
      requestExport(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.exports.list), (transaction, { query }) =>
      listById({
        list: 'exports',
        query,
        read: (page) => selectExports(transaction, page, query),
        toItem: toTenantExport,
      }),
    ),
    forTenant(internalRoute(routes.exports.get), async (transaction, { params }) =>
      toVersioned(await requireExport(transaction, params.export_id), toTenantExport),
    ),
    forTenant(internalRoutes.exports.storeDownloadLinks, (transaction, { params, caller }) =>
      recordDownloadLinks(transaction, params.export_id, caller),
    ),
  ];
}

/** Stores the export, its audit event and its outbox row in the transaction of the request. */
async function requestExport(
  transaction: TenantTransaction,
  { recipient }: BodyOf<typeof routes.exports.create>,
  caller: Caller,
) {
  const row = await insertExport(transaction, { keyId: caller.actor_id, recipient });
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'export.requested',
    targetType: 'export',
    targetId: row.id,
  });
  await queueExport(transaction, { id: row.id, queuedTimes: 1 });
  return toVersioned(row, toTenantExport);
}

/** Records the creation of links, which are derived from the time in the answer: a repeated request gets the same ones. */
async function recordDownloadLinks(transaction: TenantTransaction, id: string, caller: Caller) {
  requireFinishedAt(await requireExport(transaction, id));
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'export.links_created',
    targetType: 'export',
    targetId: id,
  });
  return { answer: { created_at: new Date().toISOString() } };
}
