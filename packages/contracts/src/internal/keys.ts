import { z } from 'zod';
import { displayName, sha256, text, timestamp, uuid } from '../fields.ts';
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
    /** Who creates it; the operator by default. */
    actor: text(200).min(1).optional(),
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

const tenantParams = z.object({ tenant_id: uuid });

/** Lists the keys of a tenant. */
export const readApiKeys = defineRoute({
  name: 'readApiKeys',
  service: 'database-gateway',
  method: 'GET',
  path: '/internal/tenants/{tenant_id}/api-keys',
  summary: "List a tenant's keys",
  description: 'Keys that were created before the given one, newest first; revoked and expired ones too.',
  auth: { kind: 'service' },
  params: tenantParams,
  query: z.object({ limit: z.coerce.number().int().min(1).max(101), before: uuid.optional() }),
  response: { status: 200, description: 'The keys.', json: z.object({ data: z.array(apiKey) }) },
  errors: ['UNAVAILABLE'],
  idempotent: true,
});

/** Reads a key of a tenant. */
export const readApiKey = defineRoute({
  name: 'readApiKey',
  service: 'database-gateway',
  method: 'GET',
  path: '/internal/tenants/{tenant_id}/api-keys/{key_id}',
  summary: 'Read a key',
  description: "The tenant's key, whatever its state.",
  auth: { kind: 'service' },
  params: tenantParams.extend({ key_id: uuid }),
  response: { status: 200, description: 'The key.', json: apiKey },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});

/** Revokes a key of a tenant. */
export const revokeStoredApiKey = defineRoute({
  name: 'revokeStoredApiKey',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/tenants/{tenant_id}/api-keys/{key_id}/revocation',
  summary: 'Revoke a key',
  description: 'Revokes a key, with its audit event. One that is revoked stays as it is, without a further event.',
  auth: { kind: 'service' },
  params: tenantParams.extend({ key_id: uuid }),
  body: z.strictObject({ actor: text(200).min(1) }),
  response: { status: 200, description: 'The key.', json: apiKey },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});
