import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Retention policies and their runs, legal holds, erasure requests, decommission plans, and approvals.
 *
 * A retention policy applies from an instant on until the next policy of its class: policies cannot overlap.
 * `requested_by`, `set_by` and the like are ids of users or operators without a foreign key, as is the final export of a
 * plan: the record of what they did outlives them.
 *
 * Two persons release a hold, and nobody approves their own request: an approval repeats the requester and the hash of
 * what it approves. Its foreign key guarantees that both are those of the plan or request, and a CHECK compares requester
 * and approver.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(RETENTION);
  await knex.raw(ERASURE);
  // The deadline of an erasure is extended at most once; an extension is final.
  await knex.raw(`
    CREATE FUNCTION refuse_second_extension() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RAISE EXCEPTION 'the deadline of the erasure % has been extended, which is done once', OLD.id
          USING ERRCODE = 'check_violation';
      END $$;
    CREATE TRIGGER erasure_requests_extended_once BEFORE UPDATE ON erasure_requests
      FOR EACH ROW WHEN (OLD.extended_until IS NOT NULL
        AND (NEW.extended_until, NEW.extension_ground) IS DISTINCT FROM (OLD.extended_until, OLD.extension_ground))
      EXECUTE FUNCTION refuse_second_extension();
  `);
  await knex.raw(DECOMMISSION);
}

const CLASSES = `('account', 'content', 'accounting', 'audit', 'operational')`;

const RETENTION = `
  CREATE TABLE retention_policies (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    retention_class text NOT NULL CHECK (retention_class IN ${CLASSES}),
    keep_days integer NOT NULL CHECK (keep_days BETWEEN 1 AND 36500),
    effective_from timestamptz NOT NULL,
    set_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT retention_policies_not_backdated CHECK (effective_from >= created_at),
    UNIQUE (tenant_id, retention_class, effective_from)
  );
  CREATE INDEX retention_policies_by_tenant ON retention_policies (tenant_id, id);
  ${isolateTenant({ table: 'retention_policies', privileges: 'SELECT, INSERT' })}

  CREATE TABLE retention_runs (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    retention_class text NOT NULL CHECK (retention_class IN ${CLASSES}),
    table_name text NOT NULL CHECK (table_name ~ '^[a-z_]{1,63}$'),
    dry_run boolean NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'refused', 'failed')),
    refused_for text CHECK (refused_for IN ('hold', 'policy_changed', 'too_many_rows', 'schema_drift')),
    cutoff timestamptz NOT NULL CHECK (cutoff <= started_at),
    planned_rows bigint NOT NULL DEFAULT 0 CHECK (planned_rows >= 0),
    deleted_rows bigint NOT NULL DEFAULT 0 CHECK (deleted_rows >= 0),
    deleted_bytes bigint NOT NULL DEFAULT 0 CHECK (deleted_bytes >= 0),
    oldest_at timestamptz,
    newest_at timestamptz CHECK (newest_at >= oldest_at),
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz CHECK (finished_at >= started_at),
    CONSTRAINT retention_runs_dry_run_deletes_nothing CHECK (NOT dry_run OR (deleted_rows = 0 AND deleted_bytes = 0)),
    CONSTRAINT retention_runs_ended CHECK ((state = 'running') = (finished_at IS NULL)),
    CONSTRAINT retention_runs_refused_for_a_reason CHECK ((state = 'refused') = (refused_for IS NOT NULL))
  );
  CREATE INDEX retention_runs_by_tenant ON retention_runs (tenant_id, id);
  ${isolateTenant({
    table: 'retention_runs',
    privileges: `SELECT, INSERT, UPDATE (state, refused_for, planned_rows, deleted_rows, deleted_bytes, oldest_at,
      newest_at, finished_at)`,
  })}

  CREATE TABLE legal_holds (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    scope text NOT NULL CHECK (scope IN ('tenant', 'project', 'user', 'api_key', 'generation', 'file')),
    scope_id uuid NOT NULL,
    ground text NOT NULL CHECK (ground IN ('litigation', 'investigation', 'authority_order', 'contract', 'tax')),
    reference text CHECK (length(reference) BETWEEN 1 AND 200),
    placed_by uuid NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(),
    release_requested_by uuid,
    release_requested_at timestamptz CHECK (release_requested_at >= placed_at),
    released_by uuid,
    released_at timestamptz CHECK (released_at >= release_requested_at),
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
    CONSTRAINT legal_holds_of_the_tenant CHECK (scope <> 'tenant' OR scope_id = tenant_id),
    CONSTRAINT legal_holds_request_is_whole CHECK (num_nonnulls(release_requested_by, release_requested_at) IN (0, 2)),
    CONSTRAINT legal_holds_release_is_whole CHECK (num_nonnulls(released_by, released_at) IN (0, 2)),
    CONSTRAINT legal_holds_released_by_two CHECK (
      released_by IS NULL OR (release_requested_by IS NOT NULL AND released_by <> release_requested_by))
  );
  CREATE INDEX legal_holds_in_force ON legal_holds (tenant_id, scope, scope_id) WHERE released_at IS NULL;
  CREATE INDEX legal_holds_by_tenant ON legal_holds (tenant_id, id);
  ${isolateTenant({
    table: 'legal_holds',
    privileges: `SELECT, INSERT,
      UPDATE (release_requested_by, release_requested_at, released_by, released_at, version)`,
  })}`;

const ERASURE = `
  CREATE TABLE erasure_requests (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    subject_type text NOT NULL CHECK (subject_type IN ('tenant', 'project', 'user', 'api_key', 'generation')),
    subject_id uuid NOT NULL,
    ground text NOT NULL CHECK (ground IN ('contract_end', 'tenant_request', 'art17_1_a', 'art17_1_b', 'art17_1_c',
      'art17_1_d', 'art17_1_e', 'art17_1_f')),
    state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'verified', 'held', 'approved', 'scheduled',
      'frozen', 'planned', 'erasing', 'verifying', 'shredding', 'certified', 'partial', 'blocked', 'cancelled',
      'failed')),
    request_sha256 text NOT NULL CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
    plan_sha256 text CHECK (plan_sha256 ~ '^[0-9a-f]{64}$'),
    epoch integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    lease_until timestamptz,
    requested_by uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    extended_until timestamptz,
    extension_ground text CHECK (extension_ground IN ('complexity', 'number_of_requests')),
    scheduled_for timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, id, request_sha256, requested_by),
    CONSTRAINT erasure_requests_of_the_tenant CHECK (subject_type <> 'tenant' OR subject_id = tenant_id),
    CONSTRAINT erasure_requests_due_in_a_month CHECK (due_at - received_at BETWEEN interval '0' AND interval '31 days'),
    CONSTRAINT erasure_requests_extended_once CHECK (
      extended_until - due_at BETWEEN interval '0' AND interval '62 days'),
    CONSTRAINT erasure_requests_extended_for_a_reason CHECK (num_nonnulls(extended_until, extension_ground) IN (0, 2)),
    CONSTRAINT erasure_requests_planned CHECK (
      state NOT IN ('planned', 'erasing', 'verifying', 'shredding', 'certified') OR plan_sha256 IS NOT NULL),
    CONSTRAINT erasure_requests_scheduled_for_an_instant CHECK (state <> 'scheduled' OR scheduled_for IS NOT NULL),
    CONSTRAINT erasure_requests_ended CHECK (
      (state IN ('certified', 'cancelled', 'failed')) = (finished_at IS NOT NULL)
        AND (finished_at IS NULL OR lease_until IS NULL))
  );
  CREATE UNIQUE INDEX erasure_requests_one_active ON erasure_requests (tenant_id, subject_type, subject_id)
    WHERE state NOT IN ('certified', 'cancelled', 'failed');
  CREATE INDEX erasure_requests_due ON erasure_requests (due_at) WHERE finished_at IS NULL;
  ${isolateTenant({
    table: 'erasure_requests',
    privileges: `SELECT, INSERT, UPDATE (state, plan_sha256, epoch, lease_until, extended_until, extension_ground,
      scheduled_for, updated_at, finished_at, version)`,
  })}`;

/**
 * The tenant, or zero for the platform; never null. A foreign key with a null column is not checked: by `tenant_id`, an
 * approval without a tenant could refer to the plan of a tenant.
 */
const TENANT_KEY = `tenant_key uuid NOT NULL
      GENERATED ALWAYS AS (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000')) STORED`;

const DECOMMISSION = `
  CREATE TABLE decommission_plans (
    id uuid PRIMARY KEY,
    scope text NOT NULL CHECK (scope IN ('feature', 'service', 'tenant', 'platform')),
    tenant_id uuid REFERENCES tenants (id),
    subject text CHECK (subject ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'announced', 'deprecated',
      'read_only', 'final_export', 'grace', 'erasing', 'infra_teardown', 'certified', 'closed', 'aborted')),
    plan json NOT NULL CHECK (plan::text !~ '[\\n\\r]'),
    plan_sha256 text NOT NULL CHECK (plan_sha256 ~ '^[0-9a-f]{64}$'),
    requested_by uuid NOT NULL,
    final_export_id uuid,
    final_export_sha256 text CHECK (final_export_sha256 ~ '^[0-9a-f]{64}$'),
    export_waived_by uuid,
    deprecated_at timestamptz,
    sunset_at timestamptz CHECK (sunset_at >= deprecated_at),
    retrieval_until timestamptz CHECK (retrieval_until >= sunset_at),
    step_deadline timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
    ${TENANT_KEY},
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_key, id, plan_sha256, requested_by),
    CONSTRAINT decommission_plans_tenant_is_of_scope CHECK ((scope = 'tenant') = (tenant_id IS NOT NULL)),
    CONSTRAINT decommission_plans_subject_is_of_scope CHECK ((scope IN ('feature', 'service')) = (subject IS NOT NULL)),
    CONSTRAINT decommission_plans_export_is_whole CHECK (num_nonnulls(final_export_id, final_export_sha256) IN (0, 2)),
    CONSTRAINT decommission_plans_export_is_of_a_tenant CHECK (
      tenant_id IS NOT NULL OR num_nonnulls(final_export_id, export_waived_by) = 0),
    CONSTRAINT decommission_plans_exported_or_waived CHECK (
      scope <> 'tenant' OR state NOT IN ('grace', 'erasing', 'infra_teardown', 'certified', 'closed')
        OR num_nonnulls(final_export_id, export_waived_by) >= 1),
    CONSTRAINT decommission_plans_ended CHECK ((state IN ('closed', 'aborted')) = (finished_at IS NOT NULL))
  );
  CREATE UNIQUE INDEX decommission_plans_one_active ON decommission_plans (scope, tenant_id, subject)
    NULLS NOT DISTINCT WHERE finished_at IS NULL;
  ${isolateTenant({
    table: 'decommission_plans',
    rows: 'shared',
    privileges: `SELECT, INSERT, UPDATE (state, final_export_id, final_export_sha256, export_waived_by, deprecated_at,
      sunset_at, retrieval_until, step_deadline, updated_at, finished_at, version)`,
  })}

  CREATE TABLE approvals (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenants (id),
    decommission_plan_id uuid,
    erasure_request_id uuid,
    subject_sha256 text NOT NULL CHECK (subject_sha256 ~ '^[0-9a-f]{64}$'),
    requester_id uuid NOT NULL,
    approver_id uuid NOT NULL,
    approver_role text NOT NULL CHECK (approver_role IN ('operator', 'owner', 'admin')),
    decision text NOT NULL CHECK (decision IN ('approved', 'rejected')),
    break_glass boolean NOT NULL DEFAULT false,
    decided_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (expires_at > decided_at),
    ${TENANT_KEY},
    CONSTRAINT approvals_are_of_another_person CHECK (approver_id <> requester_id),
    CONSTRAINT approvals_have_one_subject CHECK (num_nonnulls(decommission_plan_id, erasure_request_id) = 1),
    CONSTRAINT approvals_of_erasures_are_of_a_tenant CHECK (erasure_request_id IS NULL OR tenant_id IS NOT NULL),
    CONSTRAINT approvals_once UNIQUE NULLS NOT DISTINCT (decommission_plan_id, erasure_request_id, approver_id),
    CONSTRAINT approvals_are_of_the_plan
      FOREIGN KEY (tenant_key, decommission_plan_id, subject_sha256, requester_id)
      REFERENCES decommission_plans (tenant_key, id, plan_sha256, requested_by),
    CONSTRAINT approvals_are_of_the_request FOREIGN KEY (tenant_id, erasure_request_id, subject_sha256, requester_id)
      REFERENCES erasure_requests (tenant_id, id, request_sha256, requested_by)
  );
  CREATE INDEX approvals_by_tenant ON approvals (tenant_id, id);
  ${isolateTenant({ table: 'approvals', rows: 'shared', privileges: 'SELECT, INSERT' })}`;
