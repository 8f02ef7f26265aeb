import type { internalRoutes, BodyOf } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database } from '../database/database.ts';
import type { ExportRow } from './export-row.ts';
import { requireExport, selectBundleFiles, type BundleFile } from './export-store.ts';

type Download = BodyOf<typeof internalRoutes.exports.recordDownload> & {
  readonly tenant_id: string;
  readonly actor: string;
};

/** Operations of downloads on exports. An export of another tenant is not found. */
export interface ExportDownloads {
  /** @throws NotFoundError; ConflictError when the export is not ready */
  readFiles(
    tenantId: string,
    id: string,
  ): Promise<{ readonly finishedAt: string; readonly files: readonly BundleFile[] }>;
  /** Records the download of a file or of the bundle in the audit trail. @throws NotFoundError */
  recordDownload(id: string, download: Download): Promise<void>;
}

/** Creates the operations of downloads. */
export function createExportDownloads(database: Database): ExportDownloads {
  return {
    readFiles: (tenantId, id) =>
      database.withTenant(tenantId, async (transaction) => {
        const finishedAt = requireFinishedAt(await requireExport(transaction, id));
        return { finishedAt: finishedAt.toISOString(), files: await selectBundleFiles(transaction, id) };
      }),
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

/** Returns the time when a bundle was finished. @throws ConflictError when the export is not ready */
export function requireFinishedAt({ id, state, finished_at: finishedAt }: ExportRow): Date {
  if (state !== 'ready' || finishedAt === null) throw new ConflictError(`Export ${id} is ${state}, not ready.`);
  return finishedAt;
}
