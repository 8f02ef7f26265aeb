import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Exports, and the files of their bundles.
 *
 * The application updates the progress of an export, and never its tenant, its requester or its recipient. The reconciler
 * finds unfinished exports of all tenants with `list_unattended_exports`, which runs as the owner and returns ids only; an
 * export is then processed as its tenant.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE export_jobs (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      api_key_id uuid NOT NULL,
      recipient text NOT NULL CHECK (length(recipient) BETWEEN 1 AND 200),
      state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'sealing', 'ready', 'failed')),
      epoch integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
      lease_until timestamptz,
      queued_times integer NOT NULL DEFAULT 1 CHECK (queued_times >= 1),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      tables_total bigint NOT NULL DEFAULT 0 CHECK (tables_total >= 0),
      tables_done bigint NOT NULL DEFAULT 0 CHECK (tables_done >= 0),
      rows_total bigint NOT NULL DEFAULT 0 CHECK (rows_total >= 0),
      rows_done bigint NOT NULL DEFAULT 0 CHECK (rows_done >= 0),
      bytes_done bigint NOT NULL DEFAULT 0 CHECK (bytes_done >= 0),
      bundle_files bigint CHECK (bundle_files > 0),
      bundle_bytes bigint CHECK (bundle_bytes >= 0),
      bundle_rows bigint CHECK (bundle_rows >= 0),
      manifest_sha256 text CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
      failure_code text CHECK (length(failure_code) BETWEEN 1 AND 64),
      failure_message text CHECK (length(failure_message) <= 1000),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      progressed_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      finished_at timestamptz,
      UNIQUE (tenant_id, id),
      FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
      CONSTRAINT export_jobs_worked_on_is_claimed CHECK (
        state NOT IN ('running', 'sealing') OR (epoch >= 1 AND lease_until IS NOT NULL AND started_at IS NOT NULL)),
      CONSTRAINT export_jobs_requested_is_untouched CHECK (
        state <> 'requested' OR (epoch = 0 AND lease_until IS NULL AND started_at IS NULL)),
      CONSTRAINT export_jobs_final_is_released CHECK (
        (state IN ('ready', 'failed')) = (finished_at IS NOT NULL) AND (finished_at IS NULL OR lease_until IS NULL)),
      CONSTRAINT export_jobs_ready_has_bundle CHECK (
        num_nonnulls(bundle_files, bundle_bytes, bundle_rows, manifest_sha256) =
          CASE WHEN state = 'ready' THEN 4 ELSE 0 END),
      CONSTRAINT export_jobs_failed_has_reason CHECK (
        num_nonnulls(failure_code, failure_message) = CASE WHEN state = 'failed' THEN 2 ELSE 0 END)
    );
    CREATE UNIQUE INDEX export_jobs_one_active ON export_jobs (tenant_id)
      WHERE state IN ('requested', 'running', 'sealing');
    ${isolateTenant({
      table: 'export_jobs',
      privileges: `SELECT, INSERT, UPDATE (state, epoch, lease_until, queued_times, version, tables_total, tables_done,
        rows_total, rows_done, bytes_done, bundle_files, bundle_bytes, bundle_rows, manifest_sha256, failure_code,
        failure_message, updated_at, progressed_at, started_at, finished_at)`,
    })}
    CREATE POLICY export_jobs_reconciliation ON export_jobs FOR SELECT TO aion_owner USING (true);

    CREATE TABLE export_files (
      export_id uuid NOT NULL,
      position integer NOT NULL CHECK (position >= 0),
      tenant_id uuid NOT NULL,
      epoch integer NOT NULL CHECK (epoch >= 1),
      path text NOT NULL CHECK (length(path) BETWEEN 1 AND 1000),
      key text NOT NULL CHECK (length(key) BETWEEN 1 AND 1000),
      bytes bigint NOT NULL CHECK (bytes >= 0),
      sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      PRIMARY KEY (export_id, position),
      UNIQUE (export_id, path),
      FOREIGN KEY (tenant_id, export_id) REFERENCES export_jobs (tenant_id, id)
    );
    CREATE INDEX export_files_by_tenant ON export_files (tenant_id, export_id);
    ${isolateTenant({ table: 'export_files', privileges: 'SELECT, INSERT' })}

    CREATE FUNCTION list_unattended_exports(rested interval, max_rows integer)
      RETURNS TABLE (tenant_id uuid, export_id uuid)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT e.tenant_id, e.id FROM public.export_jobs e
        WHERE e.state IN ('requested', 'running', 'sealing')
          AND (e.lease_until IS NULL OR e.lease_until < now())
          AND e.updated_at < now() - rested
        ORDER BY e.updated_at LIMIT max_rows
      $$;
    REVOKE ALL ON FUNCTION list_unattended_exports(interval, integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_unattended_exports(interval, integer) TO aion_app;
  `);
}
