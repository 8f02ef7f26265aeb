import type { Knex } from 'knex';

/** Of a tenant's files those with a name are found without reading the others. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE INDEX files_by_name ON files (tenant_id, name, id)');
}
