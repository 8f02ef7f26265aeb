import type { Knex } from 'knex';

/**
 * An approval is of a plan of its own tenant, or of the platform's if it has none.
 *
 * A foreign key with a column that is null is not looked at: an approval without a tenant could refer to a tenant's plan.
 * `tenant_key` is the tenant, or zero where there is none, and never null.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE decommission_plans ADD COLUMN ${TENANT_KEY};
    ALTER TABLE approvals ADD COLUMN ${TENANT_KEY};
    ALTER TABLE approvals
      DROP CONSTRAINT approvals_are_of_the_plan,
      DROP CONSTRAINT approvals_tenant_id_decommission_plan_id_fkey;
    ALTER TABLE decommission_plans
      DROP CONSTRAINT decommission_plans_id_plan_sha256_requested_by_key,
      ADD UNIQUE (tenant_key, id, plan_sha256, requested_by);
    ALTER TABLE approvals ADD CONSTRAINT approvals_are_of_the_plan
      FOREIGN KEY (tenant_key, decommission_plan_id, subject_sha256, requester_id)
      REFERENCES decommission_plans (tenant_key, id, plan_sha256, requested_by);
  `);
}

const TENANT_KEY = `tenant_key uuid NOT NULL
  GENERATED ALWAYS AS (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000')) STORED`;
