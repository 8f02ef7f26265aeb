import type { Knex } from 'knex';

/** Of an export the application changes how far it is: never whose it is, who asked, or for whom it is encrypted. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    REVOKE UPDATE ON export_jobs FROM aion_app;
    GRANT UPDATE (state, epoch, lease_until, queued_times, version, tables_total, tables_done, rows_total, rows_done,
      bytes_done, bundle_files, bundle_bytes, bundle_rows, manifest_sha256, failure_code, failure_message, updated_at,
      progressed_at, started_at, finished_at) ON export_jobs TO aion_app;
  `);
}
