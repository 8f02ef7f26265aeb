import { internalRoute, type Caller, type StoredFile, routes, internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, type BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database, TenantTransaction } from '../database/database.ts';
import { assertNotOnLegalHold, toHoldTargets } from '../holds/assert-not-on-legal-hold.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { deleteFile, insertFile, requireFile, selectFiles, type FileRow, type NewFile } from './file-store.ts';
import { adoptStrayObject, insertStrayObject } from './stray-object-store.ts';

/** Creates the routes of the files of a tenant; the object store contains their bytes. */
export function createFileRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoutes.files.store, (transaction, { query, body, caller }) =>
      storeFile(transaction, { ...query, ...body }, caller),
    ),
    forTenant(internalRoute(routes.files.list), (transaction, { query }) =>
      listById({ list: 'files', query, read: (page) => selectFiles(transaction, page, query), toItem: toFile }),
    ),
    forTenant(internalRoute(routes.files.get), async (transaction, { params }) => ({
      answer: toFile(await requireFile(transaction, params.file_id)),
    })),
    forTenant(internalRoutes.files.locate, async (transaction, { params }) => {
      const row = await requireFile(transaction, params.file_id);
      return { answer: { ...toFile(row), object_key: row.object_key } };
    }),
    forTenant(internalRoute(routes.files.delete), (transaction, { params, caller }) =>
      removeFile(transaction, params.file_id, caller),
    ),
  ];
}

/** Creates the route by which web-api records downloads of files. */
export function createFileDownloadRoutes(database: Database): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.files.recordDownload, async ({ params, identity, signal }) => {
      const { tenant_id: tenantId, actor } = requireTenantCaller(identity);
      await database.withTenant(tenantId, (transaction) => recordFileDownload(transaction, params.file_id, actor), {
        signal,
      });
      return undefined;
    }),
  ];
}

/** Records the download of a file in the audit trail. @throws NotFoundError */
export async function recordFileDownload(transaction: TenantTransaction, id: string, actor: string): Promise<void> {
  await requireFile(transaction, id);
  await recordAuditEvent(transaction, { actor, action: 'file.downloaded', targetType: 'file', targetId: id });
}

/** Stores the row of an uploaded object, which is a stray object until then. */
async function storeFile(transaction: TenantTransaction, file: NewFile, { actor }: Caller) {
  await adoptStrayObject(transaction, file.object_key);
  const row = await insertFile(transaction, file);
  await recordAuditEvent(transaction, { actor, action: 'file.uploaded', targetType: 'file', targetId: row.id });
  return { answer: toFile(row) };
}

/** Deletes the row of a file and makes its object a stray object in the same transaction. */
async function removeFile(transaction: TenantTransaction, id: string, { actor }: Caller) {
  const { project_id: projectId } = await requireFile(transaction, id);
  await assertNotOnLegalHold(transaction, `The file ${id}`, toHoldTargets({ file: id, project: projectId }));
  await insertStrayObject(transaction, await deleteFile(transaction, id), 0);
  await recordAuditEvent(transaction, { actor, action: 'file.deleted', targetType: 'file', targetId: id });
  return { answer: null };
}

function toFile({ id, tenant_id, project_id, name, content_type, bytes, sha256, created_at }: FileRow): StoredFile {
  return { id, tenant_id, project_id, name, content_type, bytes, sha256, created_at: created_at.toISOString() };
}
