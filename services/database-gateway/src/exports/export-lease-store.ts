import type { internalRoutes, BodyOf } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { AGE_SECONDS, type ExportRow } from './export-row.ts';

type Renewal = BodyOf<typeof internalRoutes.exports.renew>;
type Completion = BodyOf<typeof internalRoutes.exports.complete>;

/** Reason why an export failed, with the fencing token of the attempt. */
export interface ExportFailure {
  readonly epoch: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Starts an attempt: increments the fencing token and sets the lease.
 * @returns undefined when the export is finished, missing, or leased to another worker
 */
export async function acquireLease(
  transaction: TenantTransaction,
  id: string,
  leaseMs: number,
): Promise<Pick<ExportRow, 'epoch' | 'recipient' | 'created_at'> | undefined> {
  const [row] = await transaction.query<Pick<ExportRow, 'epoch' | 'recipient' | 'created_at'>>({
    table: 'export_jobs',
    text: `
      UPDATE export_jobs SET epoch = epoch + 1, lease_until = now() + $3 * interval '1 ms', state = 'running',
        started_at = coalesce(started_at, now()), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 AND state IN ('requested', 'running', 'sealing')
        AND (lease_until IS NULL OR lease_until < now())
      RETURNING epoch, recipient, created_at`,
    values: [transaction.tenantId, id, leaseMs],
  });
  return row;
}

/** Returns the seconds until the lease of an export ends, at least 1. */
export async function readLeaseSecondsLeft(transaction: TenantTransaction, id: string): Promise<number> {
  const [row] = await transaction.query<{ seconds: number | null }>({
    table: 'export_jobs',
    text: `
      SELECT ceil(extract(epoch FROM lease_until - clock_timestamp()))::integer AS seconds FROM export_jobs
      WHERE tenant_id = $1 AND id = $2`,
    values: [transaction.tenantId, id],
  });
  return Math.max(1, row?.seconds ?? 1);
}

/**
 * Extends the lease and stores the progress.
 * @returns true if the export was unfinished and the fencing token the current one
 */
export async function updateLease(transaction: TenantTransaction, id: string, renewal: Renewal): Promise<boolean> {
  const { progress } = renewal;
  const rows = await transaction.query({
    table: 'export_jobs',
    // A heartbeat without progress neither changes the version that clients follow nor extends the deadline.
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
 * Moves an export from `sealing` to `ready`.
 * @returns the seconds since its request; undefined when its state or its fencing token is another one
 */
export async function updateToReady(
  transaction: TenantTransaction,
  id: string,
  completion: Completion,
): Promise<number | undefined> {
  const bytes = completion.files.reduce((sum, file) => sum + file.bytes, 0);
  const [row] = await transaction.query<{ age_seconds: number }>({
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

/**
 * Moves an unfinished export to `failed`.
 * @returns the seconds since its request; undefined when it is finished or its fencing token is another one
 */
export async function updateToFailed(
  transaction: TenantTransaction,
  id: string,
  { epoch, code, message }: ExportFailure,
): Promise<number | undefined> {
  const [row] = await transaction.query<{ age_seconds: number }>({
    table: 'export_jobs',
    text: `
      UPDATE export_jobs SET state = 'failed', failure_code = $4, failure_message = $5, lease_until = NULL,
        finished_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state IN ('requested', 'running', 'sealing')
      RETURNING ${AGE_SECONDS}`,
    values: [transaction.tenantId, id, epoch, code, message],
  });
  return row?.age_seconds;
}

/** Inserts the files of a bundle. */
export async function insertBundleFiles(
  transaction: TenantTransaction,
  id: string,
  { epoch, files }: Completion,
): Promise<void> {
  await transaction.query({
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
