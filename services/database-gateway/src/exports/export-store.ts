import type { bundleFile, QueryOf, routes } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { isForeignKeyViolation } from '../database/database-error.ts';
import type { TenantTransaction } from '../database/database.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';
import { EXPORT_COLUMNS, type ExportRow } from './export-row.ts';

/** A file of a finalized bundle. */
export type BundleFile = z.output<typeof bundleFile>;

/** Reads a page of the exports of a tenant. */
export function selectExports(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { state }: Pick<QueryOf<typeof routes.exports.list>, 'state'>,
): Promise<ExportRow[]> {
  return transaction.query<ExportRow>({
    table: 'export_jobs',
    text: `
      SELECT ${EXPORT_COLUMNS} FROM export_jobs
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR state = $3)
      ORDER BY id ${direction} LIMIT $4`,
    values: [transaction.tenantId, after, state ?? null, limit],
  });
}

/** Reads an export of the tenant. @throws NotFoundError */
export async function requireExport(transaction: TenantTransaction, id: string): Promise<ExportRow> {
  const rows = await transaction.query<ExportRow>({
    table: 'export_jobs',
    text: `SELECT ${EXPORT_COLUMNS} FROM export_jobs WHERE tenant_id = $1 AND id = $2`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no export ${id}.`);
}

/** Inserts an export. @throws ConflictError when the tenant has an unfinished export, or has no such key */
export async function insertExport(
  transaction: TenantTransaction,
  { keyId, recipient }: { readonly keyId: string; readonly recipient: string },
): Promise<ExportRow> {
  const [row] = await insertUnlessUnfinished(transaction, keyId, recipient);
  if (row !== undefined) return row;
  const [active] = await transaction.query<{ id: string }>({
    table: 'export_jobs',
    text: `SELECT id FROM export_jobs WHERE tenant_id = $1 AND state IN ('requested', 'running', 'sealing')`,
    values: [transaction.tenantId],
  });
  // It may have ended between the two statements.
  const name = active === undefined ? 'Another export' : `Export ${active.id}`;
  throw new ConflictError(`${name} of this tenant is not finished: wait for it, or use it.`);
}

/** Reads the files of a bundle in their order. */
export function selectBundleFiles(transaction: TenantTransaction, id: string): Promise<BundleFile[]> {
  return transaction.query<BundleFile>({
    table: 'export_files',
    text: `SELECT path, key, bytes, sha256 FROM export_files WHERE tenant_id = $1 AND export_id = $2 ORDER BY position`,
    values: [transaction.tenantId, id],
  });
}

async function insertUnlessUnfinished(
  transaction: TenantTransaction,
  keyId: string,
  recipient: string,
): Promise<readonly ExportRow[]> {
  try {
    return await transaction.query<ExportRow>({
      table: 'export_jobs',
      text: `
        INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id) WHERE state IN ('requested', 'running', 'sealing') DO NOTHING
        RETURNING ${EXPORT_COLUMNS}`,
      values: [uuidv7(), transaction.tenantId, keyId, recipient],
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new ConflictError(`Tenant ${transaction.tenantId} has no key ${keyId}.`, { cause: error });
  }
}
