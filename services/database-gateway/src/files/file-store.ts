import type { BodyOf, internalRoutes, QueryOf, routes, StoredFile } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { isForeignKeyViolation } from '../database/database-error.ts';
import type { TenantTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `files`. */
export interface FileRow extends Omit<StoredFile, 'created_at'> {
  readonly [column: string]: unknown;
  readonly object_key: string;
  readonly created_at: Date;
}

/** Content of a new row of `files`. */
export type NewFile = BodyOf<typeof internalRoutes.files.store> & QueryOf<typeof internalRoutes.files.store>;

const COLUMNS = 'id, tenant_id, project_id, name, content_type, bytes::float8 AS bytes, sha256, object_key, created_at';

/** Reads a page of the files of a tenant. */
export function selectFiles(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { project_id: projectId, name }: Pick<QueryOf<typeof routes.files.list>, 'project_id' | 'name'>,
): Promise<FileRow[]> {
  return transaction.query<FileRow>({
    table: 'files',
    text: `
      SELECT ${COLUMNS} FROM files
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::uuid IS NULL OR project_id = $3)
        AND ($4::text IS NULL OR name = $4)
      ORDER BY id ${direction} LIMIT $5`,
    values: [transaction.tenantId, after, projectId ?? null, name ?? null, limit],
  });
}

/** Reads a file of the tenant. @throws NotFoundError */
export async function requireFile(transaction: TenantTransaction, id: string): Promise<FileRow> {
  const rows = await transaction.query<FileRow>({
    table: 'files',
    text: `SELECT ${COLUMNS} FROM files WHERE tenant_id = $1 AND id = $2`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no file ${id}.`);
}

/** Inserts a file. @throws NotFoundError when its project does not exist */
export async function insertFile(transaction: TenantTransaction, file: NewFile): Promise<FileRow> {
  const { id, project_id: projectId = null, name, content_type: contentType, bytes, sha256 } = file;
  try {
    const rows = await transaction.query<FileRow>({
      table: 'files',
      text: `
        INSERT INTO files (id, tenant_id, project_id, name, content_type, bytes, sha256, object_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
      values: [id, transaction.tenantId, projectId, name, contentType, bytes, sha256, file.object_key],
    });
    return oneRow(rows);
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new NotFoundError(`There is no project ${projectId ?? ''}.`, { cause: error, param: 'project_id' });
  }
}

/** Deletes a file and returns the key of its object. @throws NotFoundError */
export async function deleteFile(transaction: TenantTransaction, id: string): Promise<string> {
  const rows = await transaction.query<{ object_key: string }>({
    table: 'files',
    text: 'DELETE FROM files WHERE tenant_id = $1 AND id = $2 RETURNING object_key',
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no file ${id}.`).object_key;
}
