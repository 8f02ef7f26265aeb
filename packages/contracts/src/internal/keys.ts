import { z } from 'zod';
import { displayName, sha256, timestamp, uuid } from '../fields.ts';
import { apiKey, tenant } from '../public/tenants.ts';
import { defineRoute, SCOPES } from '../route.ts';

/** Stores a tenant. */
export const storeTenant = defineRoute({
  name: 'storeTenant',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/tenants',
  summary: 'Store a tenant',
  description: 'Stores a new tenant, with its audit event.',
  auth: { kind: 'service' },
  body: z.strictObject({ id: uuid, name: displayName }),
  response: { status: 201, description: 'The tenant.', json: tenant },
  errors: ['CONFLICT', 'UNAVAILABLE'],
  idempotent: false,
});

/** Stores a key by its keyed hash; the secret never reaches this service. */
export const storeApiKey = defineRoute({
  name: 'storeApiKey',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/api-keys',
  summary: 'Store a key',
  description: 'Stores a key of a tenant by its keyed hash, with its audit event.',
  auth: { kind: 'service' },
  body: z.strictObject({
    id: uuid,
    tenant_id: uuid,
    name: displayName,
    prefix: z.string().regex(/^[a-z0-9]{12}$/),
    key_hash: sha256,
    scopes: z.array(z.enum(SCOPES)).min(1),
    expires_at: timestamp.nullable(),
  }),
  response: { status: 201, description: 'The key.', json: apiKey },
  errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
  idempotent: false,
});

/** Finds a key by its public prefix. */
export const findApiKey = defineRoute({
  name: 'findApiKey',
  service: 'database-gateway',
  method: 'GET',
  path: '/internal/api-keys/{prefix}',
  summary: 'Find a key',
  description: 'The key with this prefix and its keyed hash, whatever its state: the caller decides.',
  auth: { kind: 'service' },
  params: z.object({ prefix: z.string().regex(/^[a-z0-9]{12}$/) }),
  response: { status: 200, description: 'The key.', json: apiKey.extend({ key_hash: sha256 }) },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});
