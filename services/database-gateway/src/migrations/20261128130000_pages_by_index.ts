import type { Knex } from 'knex';

/**
 * What pages of lists are cut by. Without these, the rows of all tenants, of a tenant or of a project were read, and some
 * sorted, for one page.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX retention_policies_by_tenant ON retention_policies (tenant_id, id);
    CREATE INDEX files_by_project ON files (tenant_id, project_id, id) WHERE project_id IS NOT NULL;
    DROP INDEX generations_by_project;
    CREATE INDEX generations_by_project ON generations (tenant_id, project_id, created_at, id)
      WHERE project_id IS NOT NULL;
  `);
}
