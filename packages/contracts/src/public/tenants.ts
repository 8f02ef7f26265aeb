import { z } from 'zod';
import { displayName, timestamp, uuid } from '../fields.ts';
import { defineRoute, SCOPES } from '../route.ts';

/** A tenant: whoever owns keys, generations and exports. */
export const tenant = z.object({ id: uuid, name: displayName, created_at: timestamp }).meta({ id: 'Tenant' });
/** A tenant. */
export type Tenant = z.output<typeof tenant>;

/** `POST /api/v1/tenants`. */
export const createTenant = defineRoute({
  name: 'createTenant',
  service: 'web-api',
  method: 'POST',
  path: '/api/v1/tenants',
  summary: 'Create a tenant',
  description: 'Creates a tenant. Only the platform operator may.',
  auth: { kind: 'operator' },
  body: z.strictObject({ name: displayName }),
  response: { status: 201, description: 'The tenant.', json: tenant },
  errors: ['UNAVAILABLE'],
  idempotent: false,
});

/** A key without its secret. */
export const apiKey = z
  .object({
    id: uuid,
    tenant_id: uuid,
    name: displayName,
    prefix: z.string().meta({ description: 'The public part of the key, by which it is recognised.' }),
    scopes: z.array(z.enum(SCOPES)),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
  })
  .meta({ id: 'ApiKey' });
/** A key without its secret. */
export type ApiKey = z.output<typeof apiKey>;

/** What a key is to be. */
export const wantedApiKey = z.strictObject({
  name: displayName,
  scopes: z.array(z.enum(SCOPES)).min(1),
  expires_at: timestamp.nullish(),
});

/** A key with its secret, in the answer that made it and nowhere else. */
export const createdApiKey = apiKey.extend({
  key: z.string().meta({ description: 'The secret. Keep it: it is not shown again.' }),
});

/** `POST /api/v1/tenants/{tenant_id}/api-keys`. */
export const createApiKey = defineRoute({
  name: 'createApiKey',
  service: 'web-api',
  method: 'POST',
  path: '/api/v1/tenants/{tenant_id}/api-keys',
  summary: 'Create an API key',
  description:
    'Creates a key for a tenant. The secret is in this answer and nowhere else: only a keyed hash is stored.',
  auth: { kind: 'operator' },
  params: z.object({ tenant_id: uuid }),
  body: wantedApiKey,
  response: {
    status: 201,
    description: 'The key with its secret, shown once.',
    json: createdApiKey,
  },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: false,
});
