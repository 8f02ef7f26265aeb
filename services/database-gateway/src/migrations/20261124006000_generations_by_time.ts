import type { Knex } from 'knex';

/**
 * The generations of a tenant in the order of their time. By the primary key, which has that order too, PostgreSQL walks
 * past the newest rows of all other tenants before it meets the first one of a tenant that was quiet for a while.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE INDEX generations_by_time ON generations (tenant_id, created_at, id)');
}
