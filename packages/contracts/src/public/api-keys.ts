import { z } from 'zod';
import { displayName, keyStatus, listOrder, pageOf, pageQuery, timestamp, utcDay, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';
import { SCOPES } from '../scopes.ts';

const keyParams = z.object({ key_id: uuid });

/** A key without its secret. */
export const apiKey = z
  .object({
    id: uuid,
    tenant_id: uuid,
    project_id: uuid.nullable().meta({ description: 'The project that its usage counts towards.' }),
    user_id: uuid.nullable().meta({
      description: 'The person who owns the key: its scopes are limited to the role of that person in the tenant.',
    }),
    name: displayName,
    prefix: z.string().meta({ description: 'The public part of the key, by which it is recognised.' }),
    scopes: z.array(z.enum(SCOPES)),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    last_used_on: utcDay.nullable().meta({ description: 'The last day, in UTC, on which it was accepted.' }),
  })
  .meta({ id: 'ApiKey' });

/** A key without its secret. */
export type ApiKey = z.output<typeof apiKey>;

/** Fields of a new key. */
export const wantedApiKey = z.strictObject({
  name: displayName,
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  project_id: uuid.nullish(),
  user_id: uuid.nullish(),
  expires_at: timestamp.nullish(),
});

/** A key with its secret, which only the answer that creates it contains. */
export const createdApiKey = apiKey.extend({
  key: z.string().meta({ description: 'The secret. Store it: it is not shown again.' }),
});

const created = {
  status: 201,
  description: 'The key with its secret, shown once.',
  json: createdApiKey,
  etag: true,
} as const;

/** Routes of API keys. */
export const apiKeyRoutes = {
  /** `POST /api/v1/tenants/{tenant_id}/api-keys`. */
  create: defineRoute({
    name: 'createApiKey',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/tenants/{tenant_id}/api-keys',
    summary: 'Create an API key',
    description: 'Creates a key for a tenant. Only this answer contains the secret; a keyed hash is stored.',
    auth: { kind: 'operator' },
    params: z.object({ tenant_id: uuid }),
    body: wantedApiKey,
    response: created,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/api-keys`. */
  list: defineRoute({
    name: 'listApiKeys',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/api-keys',
    summary: 'List the API keys',
    description:
      "The tenant's keys without their secrets, newest first by default, including revoked and expired ones.",
    auth: { kind: 'tenant', scope: 'keys:read' },
    query: pageQuery.extend({
      project_id: uuid.optional().meta({ description: 'Only keys of this project.' }),
      user_id: uuid.optional().meta({ description: 'Only keys of this person.' }),
      status: keyStatus.optional(),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of keys.', json: pageOf(apiKey) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/api-keys`. */
  createOwn: defineRoute({
    name: 'createOwnApiKey',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/api-keys',
    summary: 'Create an API key of the tenant',
    description:
      'Creates a key for the tenant of the key in use, with a subset of its scopes, and with an `expires_at` no later than its ' +
      'own, if it has one. Only this answer contains the secret. The key of a person can be created by that person or an ' +
      'operator.',
    auth: { kind: 'tenant', scope: 'keys:write' },
    body: wantedApiKey,
    response: created,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/api-keys/{key_id}`. */
  get: defineRoute({
    name: 'getApiKey',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/api-keys/{key_id}',
    summary: 'Get an API key',
    description: "The tenant's key without its secret.",
    auth: { kind: 'tenant', scope: 'keys:read' },
    params: keyParams,
    response: { status: 200, description: 'The key.', json: apiKey, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/api-keys/{key_id}`. */
  update: defineRoute({
    name: 'updateApiKey',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/api-keys/{key_id}',
    summary: 'Change an API key',
    description:
      'Changes the given fields and keeps the rest. A revoked or expired key cannot be changed, and `expires_at` ' +
      'must be in the future. A caller with a key cannot change a key that has a scope which their own lacks, cannot move ' +
      '`expires_at` beyond that of their own, and can change the key of a person only as that person.',
    auth: { kind: 'tenant', scope: 'keys:write' },
    params: keyParams,
    body: z.strictObject({ name: displayName, expires_at: timestamp.nullable() }).partial(),
    response: { status: 200, description: 'The changed key.', json: apiKey, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `DELETE /api/v1/api-keys/{key_id}`. */
  revoke: defineRoute({
    name: 'revokeApiKey',
    service: 'web-api',
    method: 'DELETE',
    path: '/api/v1/api-keys/{key_id}',
    summary: 'Revoke an API key',
    description:
      'Revokes a key permanently; it is rejected everywhere within a second. Every key of the tenant can be revoked, ' +
      'including the one in use, whatever its scopes and owner, so that a leaked key can be revoked at any time. Repeating ' +
      'it changes nothing.',
    auth: { kind: 'tenant', scope: 'keys:write' },
    params: keyParams,
    response: { status: 200, description: 'The revoked key.', json: apiKey, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: true,
  }),
};
