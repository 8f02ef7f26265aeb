import type { bundleFile, recordDownload, storeExport, TenantExport } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { z } from 'zod';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database, TenantTransaction } from '../database/database.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../database/database-error.ts';
import { EXPORT_COLUMNS, toTenantExport, type ExportRow } from './export-row.ts';
import { queueExport } from './queue-export.ts';

type NewExport = z.output<NonNullable<typeof storeExport.body>>;
type Download = z.output<NonNullable<typeof recordDownload.body>>;
/** A file of a sealed bundle. */
export type BundleFile = z.output<typeof bundleFile>;

/** Exports as their tenant sees them. Another tenant's export is not found. */
export interface ExportStore {
  /**
   * Stores the export, its audit event and its outbox row, or none of them.
   * @throws ConflictError when the tenant has an unfinished export, which it names, or lacks the key, or the id is taken
   */
  store(request: NewExport): Promise<TenantExport>;
  /** @throws NotFoundError */
  read(tenantId: string, id: string): Promise<TenantExport & { readonly version: number }>;
  /** The latest, newest first. */
  list(tenantId: string, limit: number): Promise<readonly TenantExport[]>;
  /** @throws NotFoundError; ConflictError when it is not ready */
  readFiles(
    tenantId: string,
    id: string,
  ): Promise<{ readonly finishedAt: string; readonly files: readonly BundleFile[] }>;
  /** Records that links were made or something was downloaded. @throws NotFoundError */
  recordDownload(id: string, download: Download): Promise<void>;
}

/** Creates the store. */
export function createExportStore(database: Database): ExportStore {
  return {
    store: (request) => storeRequest(database, request),
    read: (tenantId, id) =>
      database.withTenant(tenantId, async (transaction) => {
        const row = await requireExport(transaction, id);
        return { ...toTenantExport(row), version: row.version };
      }),
    list: (tenantId, limit) =>
      database.withTenant(tenantId, async (transaction) => {
        const rows = await transaction.query<ExportRow>({
          operation: 'SELECT',
          table: 'export_jobs',
          text: `SELECT ${EXPORT_COLUMNS} FROM export_jobs WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
          values: [tenantId, limit],
        });
        return rows.map(toTenantExport);
      }),
    readFiles: (tenantId, id) => database.withTenant(tenantId, (transaction) => selectFiles(transaction, id)),
    recordDownload: (id, download) =>
      database.withTenant(download.tenant_id, async (transaction) => {
        await requireExport(transaction, id);
        await recordAuditEvent(transaction, {
          actor: download.actor,
          action: download.action,
          targetType: 'export',
          targetId: id,
          targetPath: download.path,
        });
      }),
  };
}

/** The tenant's export. @throws NotFoundError */
export async function requireExport(transaction: TenantTransaction, id: string): Promise<ExportRow> {
  const [row] = await transaction.query<ExportRow>({
    operation: 'SELECT',
    table: 'export_jobs',
    text: `SELECT ${EXPORT_COLUMNS} FROM export_jobs WHERE tenant_id = $1 AND id = $2`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no export ${id}.`);
  return row;
}

async function storeRequest(database: Database, request: NewExport): Promise<TenantExport> {
  try {
    return await database.withTenant(request.tenant_id, async (transaction) => {
      const row = await insertExport(transaction, request);
      await recordAuditEvent(transaction, {
        actor: `api_key:${request.api_key_id}`,
        action: 'export.requested',
        targetType: 'export',
        targetId: request.id,
      });
      await queueExport(transaction, { id: request.id, queuedTimes: 1 });
      return toTenantExport(row);
    });
  } catch (error) {
    if (isForeignKeyViolation(error)) {
      throw new ConflictError(`Tenant ${request.tenant_id} has no key ${request.api_key_id}.`, {
        cause: error,
        param: 'api_key_id',
      });
    }
    if (!isUniqueViolation(error)) throw error;
    throw new ConflictError(`The export id ${request.id} is taken.`, { cause: error, param: 'id' });
  }
}

async function insertExport(transaction: TenantTransaction, request: NewExport): Promise<ExportRow> {
  const [row] = await transaction.query<ExportRow>({
    operation: 'INSERT',
    table: 'export_jobs',
    text: `
      INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, $4)
      ON CONFLICT (tenant_id) WHERE state IN ('requested', 'running', 'sealing') DO NOTHING
      RETURNING ${EXPORT_COLUMNS}`,
    values: [request.id, transaction.tenantId, request.api_key_id, request.recipient],
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

async function selectFiles(transaction: TenantTransaction, id: string) {
  const { state, finished_at: finishedAt } = await requireExport(transaction, id);
  if (state !== 'ready' || finishedAt === null) throw new ConflictError(`Export ${id} is ${state}, not ready.`);
  const files = await transaction.query<BundleFile>({
    operation: 'SELECT',
    table: 'export_files',
    text: `SELECT path, key, bytes, sha256 FROM export_files WHERE tenant_id = $1 AND export_id = $2 ORDER BY position`,
    values: [transaction.tenantId, id],
  });
  return { finishedAt: finishedAt.toISOString(), files };
}
