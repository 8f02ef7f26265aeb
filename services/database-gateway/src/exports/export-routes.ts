import {
  internalRoute,
  type Caller,
  type TenantExport,
  routes,
  internalRoutes,
  type BodyOf,
  type QueryOf,
} from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { isForeignKeyViolation } from '../database/database-error.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';
import { EXPORT_COLUMNS, toTenantExport, type ExportRow } from './export-row.ts';
import { requireExport, requireReady } from './export-store.ts';
import { queueExport } from './queue-export.ts';

type NewExport = BodyOf<typeof routes.exports.create>;
type ExportFilter = QueryOf<typeof routes.exports.list>;

/** The routes by which a tenant requests its exports and follows them. */
export function createExportRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.exports.create), (transaction, { body, caller }) =>
      requestExport(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.exports.list), (transaction, { query }) => listOwn(transaction, query)),
    forTenant(internalRoute(routes.exports.get), async (transaction, { params }) =>
      versioned(await requireExport(transaction, params.export_id)),
    ),
    forTenant(internalRoutes.exports.storeDownloadLinks, (transaction, { params, caller }) =>
      recordLinks(transaction, params.export_id, caller),
    ),
  ];
}

function versioned(row: ExportRow): { readonly answer: TenantExport; readonly version: number } {
  return { answer: toTenantExport(row), version: row.version };
}

/** Stores the export, its audit event and its outbox row, or none of them. */
async function requestExport(transaction: TenantTransaction, { recipient }: NewExport, caller: Caller) {
  const row = await insertExport(transaction, caller.actor_id, recipient);
  await recordAuditEvent(transaction, {
    ...{ actor: caller.actor, action: 'export.requested', targetType: 'export', targetId: row.id },
  });
  await queueExport(transaction, { id: row.id, queuedTimes: 1 });
  return versioned(row);
}

/** @throws ConflictError when the tenant has an unfinished export, which it names, or lacks the key */
async function insertExport(transaction: TenantTransaction, keyId: string, recipient: string): Promise<ExportRow> {
  const [row] = await transaction
    .query<ExportRow>({
      operation: 'INSERT',
      table: 'export_jobs',
      text: `
        INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id) WHERE state IN ('requested', 'running', 'sealing') DO NOTHING
        RETURNING ${EXPORT_COLUMNS}`,
      values: [uuidv7(), transaction.tenantId, keyId, recipient],
    })
    .catch((error: unknown) => {
      if (!isForeignKeyViolation(error)) throw error;
      throw new ConflictError(`Tenant ${transaction.tenantId} has no key ${keyId}.`, { cause: error });
    });
  if (row !== undefined) return row;
  const [active] = await transaction.query<{ id: string }>({
    operation: 'SELECT',
    table: 'export_jobs',
    text: `SELECT id FROM export_jobs WHERE tenant_id = $1 AND state IN ('requested', 'running', 'sealing')`,
    values: [transaction.tenantId],
  });
  // It may have ended between the two statements.
  const name = active === undefined ? 'Another export' : `Export ${active.id}`;
  throw new ConflictError(`${name} of this tenant is not finished: wait for it, or use it.`);
}

function listOwn(transaction: TenantTransaction, query: ExportFilter) {
  return readPage({
    list: 'exports',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<ExportRow>({
        operation: 'SELECT',
        table: 'export_jobs',
        // The ids are UUID v7: their order is that of creation.
        text: `
          SELECT ${EXPORT_COLUMNS} FROM export_jobs
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR state = $3)
          ORDER BY id ${direction} LIMIT $4`,
        values: [transaction.tenantId, after, query.state ?? null, limit],
      });
      return rows.map(toTenantExport);
    },
    positionOf: ({ id }) => id,
  });
}

/** The time is the answer: links are made from it, so a request that is sent again gets the same ones. */
async function recordLinks(transaction: TenantTransaction, id: string, caller: Caller) {
  requireReady(await requireExport(transaction, id));
  await recordAuditEvent(transaction, {
    ...{ actor: caller.actor, action: 'export.links_created', targetType: 'export', targetId: id },
  });
  return { answer: { created_at: new Date().toISOString() } };
}
