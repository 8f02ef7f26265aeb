import { internalRoute, type Caller, type Project, routes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { isUniqueViolation } from '../database/database-error.ts';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { readPage } from '../management/read-page.ts';

type ProjectFilter = QueryOf<typeof routes.projects.list>;
type ProjectChange = BodyOf<typeof routes.projects.update>;

interface ProjectRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly archived_at: Date | null;
  readonly version: number;
}

/** The routes on the projects of a tenant. */
export function createProjectRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.projects.list), (transaction, { query }) => listAll(transaction, query)),
    forTenant(internalRoute(routes.projects.create), (transaction, { body, caller }) =>
      insertProject(transaction, body.name, caller),
    ),
    forTenant(internalRoute(routes.projects.get), async (transaction, { params }) =>
      versioned(await requireProject(transaction, params.project_id)),
    ),
    forTenant(internalRoute(routes.projects.update), (transaction, { params, body, caller }) =>
      changeProject(transaction, params.project_id, body, caller),
    ),
  ];
}

function toProject({ id, tenant_id, name, ...times }: ProjectRow): Project {
  return {
    id,
    tenant_id,
    name,
    archived_at: times.archived_at?.toISOString() ?? null,
    created_at: times.created_at.toISOString(),
    updated_at: times.updated_at.toISOString(),
  };
}

function versioned(row: ProjectRow) {
  return { answer: toProject(row), version: row.version };
}

function listAll(transaction: TenantTransaction, query: ProjectFilter) {
  return readPage({
    list: 'projects',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<ProjectRow>({
        operation: 'SELECT',
        table: 'projects',
        text: `
          SELECT * FROM projects
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2)
            AND ($3::boolean IS NULL OR (archived_at IS NOT NULL) = $3)
          ORDER BY id ${direction} LIMIT $4`,
        values: [transaction.tenantId, after, query.archived ?? null, limit],
      });
      return rows.map(toProject);
    },
    positionOf: ({ id }) => id,
  });
}

async function insertProject(transaction: TenantTransaction, name: string, caller: Caller) {
  const [row] = await refuseTakenName(name, () =>
    transaction.query<ProjectRow>({
      operation: 'INSERT',
      table: 'projects',
      text: 'INSERT INTO projects (id, tenant_id, name) VALUES ($1, $2, $3) RETURNING *',
      values: [uuidv7(), transaction.tenantId, name],
    }),
  );
  if (row === undefined) throw new Error('INSERT gave no row');
  await record(transaction, caller, 'project.created', row.id);
  return versioned(row);
}

async function changeProject(transaction: TenantTransaction, id: string, change: ProjectChange, caller: Caller) {
  // Waits for keys that are being made for the project: none appears in it after it was archived.
  const current = await requireProject(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { name = current.name, archived = current.archived_at !== null } = change;
  const [row] = await refuseTakenName(name, () =>
    transaction.query<ProjectRow>({
      operation: 'UPDATE',
      table: 'projects',
      text: `
        UPDATE projects SET name = $3, archived_at = CASE WHEN $4 THEN coalesce(archived_at, now()) END,
          updated_at = now(), version = version + 1
        WHERE tenant_id = $1 AND id = $2 RETURNING *`,
      values: [transaction.tenantId, id, name, archived],
    }),
  );
  if (row === undefined) throw new Error('UPDATE gave no row');
  await record(transaction, caller, 'project.updated', id);
  return versioned(row);
}

async function refuseTakenName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error, 'projects_name_unique')) throw error;
    const message = `A project "${name}" exists already: choose another name, or archive that one.`;
    throw new ConflictError(message, { cause: error, param: 'name' });
  }
}

async function requireProject(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ProjectRow> {
  const [row] = await transaction.query<ProjectRow>({
    operation: 'SELECT',
    table: 'projects',
    text: `SELECT * FROM projects WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no project ${id}.`);
  return row;
}

function record(transaction: TenantTransaction, { actor }: Caller, action: string, targetId: string): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'project', targetId });
}
