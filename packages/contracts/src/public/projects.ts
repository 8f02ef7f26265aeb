import { z } from 'zod';
import { displayName, flag, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** A part of a tenant by which keys, budgets and usage are grouped. */
export const project = z
  .object({
    id: uuid,
    tenant_id: uuid,
    name: displayName,
    archived_at: timestamp.nullable().meta({ description: 'When it was archived; null while it accepts new keys.' }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Project' });

/** A project. */
export type Project = z.output<typeof project>;

const projectParams = z.object({ project_id: uuid });

/** Routes of projects. */
export const projectRoutes = {
  /** `GET /api/v1/projects`. */
  list: defineRoute({
    name: 'listProjects',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/projects',
    summary: 'List the projects',
    description: "The tenant's projects, newest first by default, including archived ones.",
    auth: { kind: 'tenant', scope: 'projects:read' },
    query: pageQuery.extend({
      archived: flag.optional().meta({ description: 'Only archived projects, or only active ones.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of projects.', json: pageOf(project) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/projects`. */
  create: defineRoute({
    name: 'createProject',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/projects',
    summary: 'Create a project',
    description: 'Creates a project. The name is unique among the active projects of a tenant.',
    auth: { kind: 'tenant', scope: 'projects:write' },
    body: z.strictObject({ name: displayName }),
    response: { status: 201, description: 'The project.', json: project, etag: true },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/projects/{project_id}`. */
  get: defineRoute({
    name: 'getProject',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/projects/{project_id}',
    summary: 'Get a project',
    description: "The tenant's project.",
    auth: { kind: 'tenant', scope: 'projects:read' },
    params: projectParams,
    response: { status: 200, description: 'The project.', json: project, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/projects/{project_id}`. */
  update: defineRoute({
    name: 'updateProject',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/projects/{project_id}',
    summary: 'Change a project',
    description:
      'Changes the given fields and keeps the rest. An archived project accepts no new keys; its keys continue to work, ' +
      'and its name is available to another project. `archived: false` restores it, if its name is still available.',
    auth: { kind: 'tenant', scope: 'projects:write' },
    params: projectParams,
    body: z.strictObject({ name: displayName, archived: z.boolean() }).partial(),
    response: { status: 200, description: 'The changed project.', json: project, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
