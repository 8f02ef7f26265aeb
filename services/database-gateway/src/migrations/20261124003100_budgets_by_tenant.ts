import type { Knex } from 'knex';

/** Pages of a tenant's budgets are cut by id. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE INDEX budgets_by_tenant ON budgets (tenant_id, id)');
}
