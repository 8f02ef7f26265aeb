import { internalRoute, type BodyOf, type Caller, type Project, routes } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import { insertProject, requireProject, selectProjects, updateProject, type ProjectRow } from './project-store.ts';

/** Creates the routes of the projects of a tenant. */
export function createProjectRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.projects.list), (transaction, { query }) =>
      listById({
        list: 'projects',
        query,
        read: (page) => selectProjects(transaction, page, query),
        toItem: toProject,
      }),
    ),
    forTenant(internalRoute(routes.projects.create), (transaction, { body, caller }) =>
      createProject(transaction, body.name, caller),
    ),
    forTenant(internalRoute(routes.projects.get), async (transaction, { params }) =>
      toVersioned(await requireProject(transaction, params.project_id), toProject),
    ),
    forTenant(internalRoute(routes.projects.update), (transaction, { params, body, caller }) =>
      changeProject(transaction, params.project_id, body, caller),
    ),
  ];
}

async function createProject(transaction: TenantTransaction, name: string, caller: Caller) {
  const row = await insertProject(transaction, name);
  await recordEvent(transaction, caller, 'project.created', row.id);
  return toVersioned(row, toProject);
}

async function changeProject(
  transaction: TenantTransaction,
  id: string,
  change: BodyOf<typeof routes.projects.update>,
  caller: Caller,
) {
  // Waits for keys that are being created for the project: none appears in it after it was archived.
  const current = await requireProject(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { name = current.name, archived = current.archived_at !== null } = change;
  const row = await updateProject(transaction, id, { name, archived });
  await recordEvent(transaction, caller, 'project.updated', id);
  return toVersioned(row, toProject);
}

function recordEvent(
  transaction: TenantTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'project', targetId });
}

function toProject({ id, tenant_id, name, archived_at, created_at, updated_at }: ProjectRow): Project {
  return {
    id,
    tenant_id,
    name,
    archived_at: archived_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
