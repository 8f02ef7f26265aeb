import {
  internalRoute,
  type Caller,
  type StoredFile,
  routes,
  internalRoutes,
  type BodyOf,
  type QueryOf,
} from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { isForeignKeyViolation } from '../database/database-error.ts';
import { assertNotOnLegalHold, toHoldTargets } from '../holds/assert-not-on-legal-hold.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';
import { adoptStray, insertStray } from './stray-object-store.ts';

type NewFile = BodyOf<typeof internalRoutes.files.store> & QueryOf<typeof internalRoutes.files.store>;
type FileFilter = QueryOf<typeof routes.files.list>;

interface FileRow extends Omit<StoredFile, 'created_at'> {
  readonly [column: string]: unknown;
  readonly object_key: string;
  readonly created_at: Date;
}

const COLUMNS = 'id, tenant_id, project_id, name, content_type, bytes::float8 AS bytes, sha256, object_key, created_at';

/** The routes on the files of a tenant; their bytes are in the object store. */
export function createFileRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoutes.files.store, (transaction, { query, body, caller }) =>
      insertFile(transaction, { ...query, ...body }, caller),
    ),
    forTenant(internalRoute(routes.files.list), (transaction, { query }) => listAll(transaction, query)),
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

function toFile({ id, tenant_id, project_id, name, content_type, bytes, sha256, created_at }: FileRow): StoredFile {
  return { id, tenant_id, project_id, name, content_type, bytes, sha256, created_at: created_at.toISOString() };
}

function listAll(transaction: TenantTransaction, query: FileFilter) {
  return readPage({
    list: 'files',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<FileRow>({
        operation: 'SELECT',
        table: 'files',
        text: `
          SELECT ${COLUMNS} FROM files
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::uuid IS NULL OR project_id = $3)
            AND ($4::text IS NULL OR name = $4)
          ORDER BY id ${direction} LIMIT $5`,
        values: [transaction.tenantId, after, query.project_id ?? null, query.name ?? null, limit],
      });
      return rows.map(toFile);
    },
    positionOf: ({ id }) => id,
  });
}

/** The object is there: from here on it is the file's. */
async function insertFile(transaction: TenantTransaction, file: NewFile, caller: Caller) {
  await adoptStray(transaction, file.object_key);
  const row = await insertRow(transaction, file);
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'file.uploaded',
    targetType: 'file',
    targetId: row.id,
  });
  return { answer: toFile(row) };
}

async function insertRow(transaction: TenantTransaction, file: NewFile): Promise<FileRow> {
  const { id, project_id: projectId = null, name, content_type: contentType, bytes, sha256 } = file;
  try {
    const [row] = await transaction.query<FileRow>({
      operation: 'INSERT',
      table: 'files',
      text: `
        INSERT INTO files (id, tenant_id, project_id, name, content_type, bytes, sha256, object_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
      values: [id, transaction.tenantId, projectId, name, contentType, bytes, sha256, file.object_key],
    });
    if (row === undefined) throw new Error('INSERT gave no row');
    return row;
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new NotFoundError(`There is no project ${projectId ?? ''}.`, { cause: error, param: 'project_id' });
  }
}

/** In one transaction with the row goes the promise to remove the object. */
async function removeFile(transaction: TenantTransaction, id: string, caller: Caller) {
  const { project_id: projectId } = await requireFile(transaction, id);
  await assertNotOnLegalHold(transaction, `The file ${id}`, toHoldTargets({ file: id, project: projectId }));
  const [deleted] = await transaction.query<{ object_key: string }>({
    operation: 'DELETE',
    table: 'files',
    text: 'DELETE FROM files WHERE tenant_id = $1 AND id = $2 RETURNING object_key',
    values: [transaction.tenantId, id],
  });
  if (deleted === undefined) throw missing(id);
  await insertStray(transaction, deleted.object_key, 0);
  const { actor } = caller;
  await recordAuditEvent(transaction, { actor, action: 'file.deleted', targetType: 'file', targetId: id });
  return { answer: null };
}

/** Writes the audit event of a download. @throws NotFoundError */
export async function recordDownload(transaction: TenantTransaction, id: string, actor: string): Promise<void> {
  await requireFile(transaction, id);
  await recordAuditEvent(transaction, { actor, action: 'file.downloaded', targetType: 'file', targetId: id });
}

async function requireFile(transaction: TenantTransaction, id: string): Promise<FileRow> {
  const [row] = await transaction.query<FileRow>({
    operation: 'SELECT',
    table: 'files',
    text: `SELECT ${COLUMNS} FROM files WHERE tenant_id = $1 AND id = $2`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw missing(id);
  return row;
}

function missing(id: string): NotFoundError {
  return new NotFoundError(`There is no file ${id}.`);
}
