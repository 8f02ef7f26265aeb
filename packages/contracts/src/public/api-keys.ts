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
    project_id: uuid.nullable().meta({ description: 'The project that its use is counted to.' }),
    user_id: uuid.nullable().meta({
      description: 'The person whose key it is: it may do no more than the role of that person in the tenant.',
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

/** What a key is to be. */
export const wantedApiKey = z.strictObject({
  name: displayName,
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  project_id: uuid.nullish(),
  user_id: uuid.nullish(),
  expires_at: timestamp.nullish(),
});

/** A key with its secret, in the answer that made it and nowhere else. */
export const createdApiKey = apiKey.extend({
  key: z.string().meta({ description: 'The secret. Keep it: it is not shown again.' }),
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
    description:
      'Creates a key for a tenant. The secret is in this answer and nowhere else: only a keyed hash is stored.',
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
      "The tenant's keys without their secrets, newest first unless `order` says otherwise; revoked and expired ones too.",
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
      'Creates a key for the tenant of the key that is used, with no scope that this one lacks, and with an end that is not ' +
      'after its own, if it has one. The secret is in this answer and nowhere else. The key of a person is made by that ' +
      'person or by the operator.',
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
      'Changes what is given and leaves the rest. A key that is revoked or has expired cannot be changed, and no end is set ' +
      'that has passed. Who calls with a key changes no key that has a scope which theirs lacks, moves no end beyond that ' +
      'of theirs, and changes the key of a person only as that person.',
    auth: { kind: 'tenant', scope: 'keys:write' },
    params: keyParams,
    body: z.strictObject({ name: displayName, expires_at: timestamp.nullable() }).partial(),
    response: { status: 200, description: 'The key as it is now.', json: apiKey, etag: true },
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
      'Revokes a key for good; it is refused everywhere within a second. Also the one that is used, and any other of the ' +
      'tenant, whatever it may do and whose it is: a leaked key waits for nobody. Revoking it again changes nothing.',
    auth: { kind: 'tenant', scope: 'keys:write' },
    params: keyParams,
    response: { status: 200, description: 'The revoked key.', json: apiKey, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: true,
  }),
};
