import { z } from 'zod';
import { pageOf, pageQuery, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';
import { apiKey, createdApiKey, wantedApiKey } from './tenants.ts';

const keyParams = z.object({ key_id: uuid });

/** `GET /api/v1/api-keys`. */
export const listApiKeys = defineRoute({
  name: 'listApiKeys',
  service: 'web-api',
  method: 'GET',
  path: '/api/v1/api-keys',
  summary: 'List the API keys',
  description: "The tenant's keys, newest first, without their secrets; revoked and expired ones too.",
  auth: { kind: 'key', scope: 'keys:read' },
  query: pageQuery,
  response: { status: 200, description: 'A page of keys.', json: pageOf(apiKey) },
  errors: ['UNAVAILABLE'],
  idempotent: true,
});

/** `POST /api/v1/api-keys`. */
export const createOwnApiKey = defineRoute({
  name: 'createOwnApiKey',
  service: 'web-api',
  method: 'POST',
  path: '/api/v1/api-keys',
  summary: 'Create an API key of the tenant',
  description:
    'Creates a key for the tenant of the key that is used, with no scope that this one lacks. The secret is in this ' +
    'answer and nowhere else.',
  auth: { kind: 'key', scope: 'keys:write' },
  body: wantedApiKey,
  response: {
    status: 201,
    description: 'The key with its secret, shown once.',
    json: createdApiKey,
  },
  errors: ['UNAVAILABLE'],
  idempotent: false,
});

/** `GET /api/v1/api-keys/{key_id}`. */
export const getApiKey = defineRoute({
  name: 'getApiKey',
  service: 'web-api',
  method: 'GET',
  path: '/api/v1/api-keys/{key_id}',
  summary: 'Get an API key',
  description: "The tenant's key without its secret.",
  auth: { kind: 'key', scope: 'keys:read' },
  params: keyParams,
  response: { status: 200, description: 'The key.', json: apiKey },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});

/** `DELETE /api/v1/api-keys/{key_id}`. */
export const revokeApiKey = defineRoute({
  name: 'revokeApiKey',
  service: 'web-api',
  method: 'DELETE',
  path: '/api/v1/api-keys/{key_id}',
  summary: 'Revoke an API key',
  description:
    'Revokes a key for good; it is refused everywhere within a second. Also the one that is used. Revoking it again ' +
    'changes nothing.',
  auth: { kind: 'key', scope: 'keys:write' },
  params: keyParams,
  response: { status: 200, description: 'The revoked key.', json: apiKey },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});
