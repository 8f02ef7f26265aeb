import { z } from 'zod';
import { displayName, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** States of a tenant, which decide what is allowed: everything; reading and routes with `whileReadOnly`; nothing. */
export const TENANT_STATES = ['active', 'read_only', 'erasing', 'closed'] as const;

/** One of `TENANT_STATES`. */
export type TenantState = (typeof TENANT_STATES)[number];

/** A tenant: the owner of keys, generations and exports. */
export const tenant = z
  .object({
    id: uuid,
    name: displayName,
    state: z.enum(TENANT_STATES).meta({
      description:
        '`read_only`: the only changes allowed are exports, the revocation of keys, and legal holds. `erasing`, `closed`: ' +
        'no key of the tenant is accepted, and operators can only read.',
    }),
    store_content: z.boolean().meta({ description: 'Prompts and answers are stored.' }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Tenant' });

/** A tenant. */
export type Tenant = z.output<typeof tenant>;

const tenantParams = z.object({ tenant_id: uuid });

/** Routes of tenants. */
export const tenantRoutes = {
  /** `GET /api/v1/tenants`. */
  list: defineRoute({
    name: 'listTenants',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/tenants',
    summary: 'List the tenants',
    description: 'All tenants of the installation, newest first by default. Only for operators.',
    auth: { kind: 'operator' },
    query: pageQuery.extend({
      state: z.enum(TENANT_STATES).optional().meta({ description: 'Only tenants in this state.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of tenants.', json: pageOf(tenant) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/tenants`. */
  create: defineRoute({
    name: 'createTenant',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/tenants',
    summary: 'Create a tenant',
    description: 'Creates a tenant. Only for operators.',
    auth: { kind: 'operator' },
    body: z.strictObject({ name: displayName, store_content: z.boolean().default(true) }),
    response: { status: 201, description: 'The tenant.', json: tenant, etag: true },
    errors: ['UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/tenants/{tenant_id}`. */
  get: defineRoute({
    name: 'getTenant',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/tenants/{tenant_id}',
    summary: 'Get a tenant',
    description: 'The tenant of the key; any tenant for operators.',
    auth: { kind: 'tenant', scope: 'tenant:read' },
    params: tenantParams,
    response: { status: 200, description: 'The tenant.', json: tenant, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/tenants/{tenant_id}`. */
  update: defineRoute({
    name: 'updateTenant',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/tenants/{tenant_id}',
    summary: 'Change a tenant',
    description: 'Changes the given fields and keeps the rest. Only operators can change `state`.',
    auth: { kind: 'tenant', scope: 'tenant:write' },
    params: tenantParams,
    body: z
      .strictObject({ name: displayName, store_content: z.boolean(), state: z.enum(['active', 'read_only']) })
      .partial(),
    response: { status: 200, description: 'The changed tenant.', json: tenant, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
