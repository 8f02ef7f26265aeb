import type { QueryOf, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { TenantTransaction } from '../database/database.ts';
import { mapUniqueViolation, type UniqueViolation } from '../database/map-unique-violation.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `projects`. */
export interface ProjectRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly archived_at: Date | null;
  readonly version: number;
}

/** Reads a page of the projects of a tenant. */
export function selectProjects(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { archived }: Pick<QueryOf<typeof routes.projects.list>, 'archived'>,
): Promise<ProjectRow[]> {
  return transaction.query<ProjectRow>({
    table: 'projects',
    text: `
      SELECT * FROM projects
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2)
        AND ($3::boolean IS NULL OR (archived_at IS NOT NULL) = $3)
      ORDER BY id ${direction} LIMIT $4`,
    values: [transaction.tenantId, after, archived ?? null, limit],
  });
}

/** Reads a project, and locks it when it is about to change. @throws NotFoundError */
export async function requireProject(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ProjectRow> {
  const rows = await transaction.query<ProjectRow>({
    table: 'projects',
    text: `SELECT * FROM projects WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no project ${id}.`);
}

/** Inserts a project. @throws ConflictError when another project that is not archived has the name */
export async function insertProject(transaction: TenantTransaction, name: string): Promise<ProjectRow> {
  const rows = await mapUniqueViolation(nameTaken(name), () =>
    transaction.query<ProjectRow>({
      table: 'projects',
      text: 'INSERT INTO projects (id, tenant_id, name) VALUES ($1, $2, $3) RETURNING *',
      values: [uuidv7(), transaction.tenantId, name],
    }),
  );
  return oneRow(rows);
}

/** Updates a project. Archiving it again does not change the time. @throws ConflictError like `insertProject` */
export async function updateProject(
  transaction: TenantTransaction,
  id: string,
  { name, archived }: { readonly name: string; readonly archived: boolean },
): Promise<ProjectRow> {
  const rows = await mapUniqueViolation(nameTaken(name), () =>
    transaction.query<ProjectRow>({
      table: 'projects',
      text: `
        UPDATE projects SET name = $3, archived_at = CASE WHEN $4 THEN coalesce(archived_at, now()) END,
          updated_at = now(), version = version + 1
        WHERE tenant_id = $1 AND id = $2 RETURNING *`,
      values: [transaction.tenantId, id, name, archived],
    }),
  );
  return oneRow(rows);
}

function nameTaken(name: string): UniqueViolation {
  return {
    constraint: 'projects_name_unique',
    message: `A project "${name}" exists already: choose another name, or archive that one.`,
    param: 'name',
  };
}
