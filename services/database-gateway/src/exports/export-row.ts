import type { ExportState, TenantExport } from '@aion/contracts';

/** A row of `export_jobs`. */
export interface ExportRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string;
  readonly state: ExportState;
  readonly recipient: string;
  readonly epoch: number;
  readonly version: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly tables_total: number;
  readonly tables_done: number;
  readonly rows_total: number;
  readonly rows_done: number;
  readonly bytes_done: number;
  readonly bundle_files: number | null;
  readonly bundle_bytes: number | null;
  readonly bundle_rows: number | null;
  readonly manifest_sha256: string | null;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
}

/** Columns of an `ExportRow`. */
export const EXPORT_COLUMNS = `id, tenant_id, state, recipient, epoch, version, created_at, started_at, finished_at,
  tables_total, tables_done, rows_total, rows_done, bytes_done,
  bundle_files, bundle_bytes, bundle_rows, manifest_sha256, failure_code, failure_message`;

/** SQL of the time since the request of an export. */
export const AGE_SECONDS = 'extract(epoch FROM now() - created_at)::float8 AS age_seconds';

/** Maps a row to the export of the API. */
export function toTenantExport(row: ExportRow): TenantExport {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    state: row.state,
    recipient: row.recipient,
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
    progress: {
      tables_total: row.tables_total,
      tables_done: row.tables_done,
      rows_total: row.rows_total,
      rows: row.rows_done,
      bytes: row.bytes_done,
    },
    bundle: toBundle(row),
    failure:
      row.failure_code === null || row.failure_message === null
        ? null
        : { code: row.failure_code, message: row.failure_message },
  };
}

function toBundle(row: ExportRow): TenantExport['bundle'] {
  const { bundle_files: files, bundle_bytes: bytes, bundle_rows: rows, manifest_sha256: manifest } = row;
  // A CHECK makes them all null or all set.
  if (files === null || bytes === null || rows === null || manifest === null) return null;
  return { files, bytes, rows, manifest_sha256: manifest };
}
