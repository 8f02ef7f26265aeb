import type { internalRoutes, BodyOf } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { AGE_SECONDS } from './export-row.ts';

type Renewal = BodyOf<typeof internalRoutes.exports.renew> & { readonly tenant_id: string };
type Completion = BodyOf<typeof internalRoutes.exports.complete> & { readonly tenant_id: string };

/**
 * Extends the lease and stores the progress.
 * @returns whether the export was unfinished and of this epoch
 */
export async function updateLease(transaction: TenantTransaction, id: string, renewal: Renewal): Promise<boolean> {
  const { progress } = renewal;
  const rows = await transaction.query({
    operation: 'UPDATE',
    table: 'export_jobs',
    // A heartbeat that brings nothing new is no change for those who watch, and no progress for the deadline.
    text: `
      UPDATE export_jobs e SET lease_until = now() + $4 * interval '1 ms', updated_at = now(), state = $5,
        tables_total = $6, tables_done = $7, rows_total = $8, rows_done = $9, bytes_done = $10,
        version = version + c.changed::integer,
        progressed_at = CASE WHEN c.changed THEN now() ELSE progressed_at END
      FROM (
        SELECT (state, tables_total, tables_done, rows_total, rows_done, bytes_done)
          IS DISTINCT FROM ($5, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint) AS changed
        FROM export_jobs WHERE tenant_id = $1 AND id = $2 AND epoch = $3 FOR UPDATE) c
      WHERE e.tenant_id = $1 AND e.id = $2 AND e.epoch = $3 AND e.state IN ('running', 'sealing') RETURNING e.id`,
    values: [
      transaction.tenantId,
      id,
      renewal.epoch,
      renewal.lease_ms,
      renewal.state,
      progress.tables_total,
      progress.tables_done,
      progress.rows_total,
      progress.rows,
      progress.bytes,
    ],
  });
  return rows.length > 0;
}

/**
 * Makes a sealed export ready.
 * @returns the seconds since its request; undefined unless it was being sealed, and of this epoch
 */
export async function updateToReady(
  transaction: TenantTransaction,
  id: string,
  completion: Completion,
): Promise<number | undefined> {
  const bytes = completion.files.reduce((sum, file) => sum + file.bytes, 0);
  const [row] = await transaction.query<{ age_seconds: number }>({
    operation: 'UPDATE',
    table: 'export_jobs',
    text: `
      UPDATE export_jobs SET state = 'ready', manifest_sha256 = $4, bundle_rows = $5, bundle_files = $6,
        bundle_bytes = $7, lease_until = NULL, finished_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state = 'sealing'
      RETURNING ${AGE_SECONDS}`,
    values: [
      transaction.tenantId,
      id,
      completion.epoch,
      completion.manifest_sha256,
      completion.rows,
      completion.files.length,
      bytes,
    ],
  });
  return row?.age_seconds;
}

/** Records the files of a bundle. */
export async function insertFiles(
  transaction: TenantTransaction,
  id: string,
  { epoch, files }: Completion,
): Promise<void> {
  await transaction.query({
    operation: 'INSERT',
    table: 'export_files',
    text: `
      INSERT INTO export_files (export_id, tenant_id, epoch, position, path, key, bytes, sha256)
      SELECT $1, $2, $3, ordinality - 1, path, key, bytes, sha256
      FROM unnest($4::text[], $5::text[], $6::bigint[], $7::text[]) WITH ORDINALITY f (path, key, bytes, sha256)`,
    values: [
      id,
      transaction.tenantId,
      epoch,
      files.map((file) => file.path),
      files.map((file) => file.key),
      files.map((file) => file.bytes),
      files.map((file) => file.sha256),
    ],
  });
}
