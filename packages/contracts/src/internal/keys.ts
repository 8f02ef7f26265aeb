import { z } from 'zod';
import { sha256, utcDay, uuid } from '../fields.ts';
import { apiKey, wantedApiKey, apiKeyRoutes } from '../public/api-keys.ts';
import { TENANT_STATES } from '../public/tenants.ts';
import { defineRoute } from '../route.ts';
import { ROLES } from '../scopes.ts';
import { internalRoute } from '../internal-route.ts';

const keyPrefix = z.string().regex(/^[a-z0-9]{12}$/);

/** A secret that is shown once, encrypted so that a repeated request gets the same answer. */
export const encryptedText = z.string().max(1_000);

/** Stored fields of a new key, without the secret itself. */
export const storedKeyFields = { id: uuid, prefix: keyPrefix, key_hash: sha256, sealed_key: encryptedText };

/** Last day on which a genuine key was rejected because it was revoked, had expired, or its person had left. */
export const lastRefusedOn = utcDay.nullable();

/** Result of authentication with a genuine key. */
export const keyUse = { accepted: z.boolean().meta({ description: 'False when it was rejected.' }) };

/** Internal routes of API keys. */
export const internalApiKeyRoutes = {
  /** Stores a key by its keyed hash; the secret reaches this service in encrypted form only. */
  store: internalRoute(apiKeyRoutes.createOwn, {
    body: wantedApiKey.extend(storedKeyFields),
    answer: apiKey.extend({ sealed_key: encryptedText }),
  }),
  /** Finds a key by its public prefix. */
  find: defineRoute({
    name: 'findApiKey',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/api-keys/{prefix}',
    summary: 'Find a key',
    description:
      'The key with this prefix, its keyed hash, the role of its person, and the state of its tenant, ' +
      'whatever they are; the caller decides.',
    auth: { kind: 'service' },
    params: z.object({ prefix: keyPrefix }),
    response: {
      status: 200,
      description: 'The key.',
      json: apiKey.extend({
        key_hash: sha256,
        last_refused_on: lastRefusedOn,
        role: z.enum(ROLES).nullable(),
        tenant_state: z.enum(TENANT_STATES),
      }),
    },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Records that a key was accepted or rejected; the first time of each day is an audit event. */
  recordUse: defineRoute({
    name: 'recordKeyUse',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/api-keys/{key_id}/uses',
    summary: 'Record the use of a key',
    description:
      'Records the day on which a genuine key was accepted or rejected, with an audit event. Repeating it on the same day ' +
      'changes nothing.',
    auth: { kind: 'service' },
    params: z.object({ key_id: uuid }),
    body: z.strictObject(keyUse),
    response: { status: 204, description: 'Recorded.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
