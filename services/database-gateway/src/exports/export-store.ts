import type { bundleFile, internalRoutes, BodyOf } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { z } from 'zod';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database, TenantTransaction } from '../database/database.ts';
import { EXPORT_COLUMNS, type ExportRow } from './export-row.ts';

type Download = BodyOf<typeof internalRoutes.exports.recordDownload> & {
  readonly tenant_id: string;
  readonly actor: string;
};
/** A file of a sealed bundle. */
export type BundleFile = z.output<typeof bundleFile>;

/** What downloads need of exports. Another tenant's export is not found. */
export interface ExportStore {
  /** @throws NotFoundError; ConflictError when it is not ready */
  readFiles(
    tenantId: string,
    id: string,
  ): Promise<{ readonly finishedAt: string; readonly files: readonly BundleFile[] }>;
  /** Records that something was downloaded. @throws NotFoundError */
  recordDownload(id: string, download: Download): Promise<void>;
}

/** Creates the store. */
export function createExportStore(database: Database): ExportStore {
  return {
    readFiles: (tenantId, id) => database.withTenant(tenantId, (transaction) => selectFiles(transaction, id)),
    recordDownload: (id, download) =>
      database.withTenant(download.tenant_id, async (transaction) => {
        await requireExport(transaction, id);
        await recordAuditEvent(transaction, {
          actor: download.actor,
          action: 'export.downloaded',
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

/** When a bundle was finished. @throws ConflictError when the export is not ready */
export function requireReady({ id, state, finished_at: finishedAt }: ExportRow): Date {
  if (state !== 'ready' || finishedAt === null) throw new ConflictError(`Export ${id} is ${state}, not ready.`);
  return finishedAt;
}

async function selectFiles(transaction: TenantTransaction, id: string) {
  const finishedAt = requireReady(await requireExport(transaction, id));
  const files = await transaction.query<BundleFile>({
    operation: 'SELECT',
    table: 'export_files',
    text: `SELECT path, key, bytes, sha256 FROM export_files WHERE tenant_id = $1 AND export_id = $2 ORDER BY position`,
    values: [transaction.tenantId, id],
  });
  return { finishedAt: finishedAt.toISOString(), files };
}
