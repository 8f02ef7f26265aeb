import { z } from 'zod';
import { flag, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Protocols of providers; `embedded` runs inside AION. */
export const PROVIDER_KINDS = ['openai-compatible', 'anthropic', 'embedded'] as const;

/** One of `PROVIDER_KINDS`. */
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

const providerName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, and the characters _ . -')
  .meta({ description: 'The prefix of its models; unique for its owner.', example: 'groq' });

const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';

const GROUP = '[0-9A-Fa-f]{1,4}';

const IPV6 = `\\[(?:(?:${GROUP}:){7}${GROUP}|(?:${GROUP}(?::${GROUP}){0,2})?::(?:${GROUP}(?::${GROUP}){0,3})?)\\]`;

const NAME = '(?:[A-Za-z0-9_-]{1,63}\\.)*[A-Za-z](?:[A-Za-z0-9_-]{0,62})';

const PORT = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

const PATH = "(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?";

const BASE_URL = new RegExp(`^https?://(?:${BYTE}(?:\\.${BYTE}){3}|${IPV6}|${NAME})(?::${PORT})?${PATH}$`);

const baseUrl = z
  .string()
  .max(2_000)
  .regex(BASE_URL, 'must be an http or https URL of host, port and path: without user, password, query and fragment')
  .meta({
    description:
      'The URL of its API, without user, password, query and fragment. Addresses of private networks are allowed: models ' +
      "that are hosted there are reached so. Without one it is the address of the kind's own vendor.",
    example: 'https://api.groq.com/openai/v1',
  });

/** Credentials of a provider: encrypted before they are stored, and never returned. */
export const providerCredentials = z
  .strictObject({
    // Sent in a header (RFC 9110, 5.5), whose value has no surrounding spaces and is limited to ASCII here.
    api_key: z
      .string()
      .max(4_096)
      .regex(/^[!-~]+$/, 'must be printable ASCII characters without blanks'),
  })
  .meta({ description: 'Stored encrypted, and in no answer. `has_credentials` reports whether they are set.' });

/** A provider of models, without the credentials that reach it. */
export const provider = z
  .object({
    id: uuid,
    tenant_id: uuid.nullable().meta({ description: 'The owner; null for the platform.' }),
    name: providerName,
    kind: z.enum(PROVIDER_KINDS),
    base_url: baseUrl.nullable(),
    has_credentials: z.boolean(),
    enabled: z.boolean(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Provider' });

/** A provider of models. */
export type Provider = z.output<typeof provider>;

/** Fields of a new provider. */
export const wantedProvider = z.strictObject({
  name: providerName,
  kind: z.enum(PROVIDER_KINDS),
  base_url: baseUrl.nullish(),
  credentials: providerCredentials.nullish(),
  enabled: z.boolean().default(true),
});

/** Fields of a provider that can be changed. */
export const providerChange = z
  .strictObject({
    name: providerName,
    base_url: baseUrl.nullable(),
    credentials: providerCredentials.nullable(),
    enabled: z.boolean(),
  })
  .partial();

const providerParams = z.object({ provider_id: uuid });

const reading = { kind: 'tenant', scope: 'providers:read', orPlatform: true } as const;

const writing = { kind: 'tenant', scope: 'providers:write', orPlatform: true } as const;

const WHOSE = "The tenant's own; for an operator who names no tenant, the platform's.";

/** Routes of providers. */
export const providerRoutes = {
  /** `GET /api/v1/providers`. */
  list: defineRoute({
    name: 'listProviders',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/providers',
    summary: 'List the providers',
    description: `The configured providers of models, newest first. ${WHOSE}`,
    auth: reading,
    query: pageQuery.extend({
      kind: z.enum(PROVIDER_KINDS).optional().meta({ description: 'Only providers of this kind.' }),
      enabled: flag.optional().meta({ description: 'Only enabled providers, or only disabled ones.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of providers.', json: pageOf(provider) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/providers`. */
  create: defineRoute({
    name: 'createProvider',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/providers',
    summary: 'Create a provider',
    description:
      'Stores the address of a provider of models. The credentials are encrypted before they are stored, and are in no ' +
      'answer. A provider of kind `embedded` runs inside AION: it has neither `base_url` nor `credentials`. Requests are ' +
      `routed to stored providers from a later release on; until then providers come from the environment. ${WHOSE}`,
    auth: writing,
    body: wantedProvider,
    response: { status: 201, description: 'The provider.', json: provider, etag: true },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/providers/{provider_id}`. */
  get: defineRoute({
    name: 'getProvider',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/providers/{provider_id}',
    summary: 'Get a provider',
    description: `The provider without its credentials. ${WHOSE}`,
    auth: reading,
    params: providerParams,
    response: { status: 200, description: 'The provider.', json: provider, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/providers/{provider_id}`. */
  update: defineRoute({
    name: 'updateProvider',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/providers/{provider_id}',
    summary: 'Change a provider',
    description:
      'Changes the given fields and keeps the rest. `null` removes `base_url` or `credentials`; new credentials replace ' +
      'the old ones. A provider with credentials changes its `base_url` only together with them: send `credentials`, new or ' +
      '`null`, or it is rejected with 400.',
    auth: writing,
    params: providerParams,
    body: providerChange,
    response: { status: 200, description: 'The changed provider.', json: provider, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `DELETE /api/v1/providers/{provider_id}`. */
  delete: defineRoute({
    name: 'deleteProvider',
    service: 'web-api',
    method: 'DELETE',
    path: '/api/v1/providers/{provider_id}',
    summary: 'Delete a provider',
    description:
      'Deletes the provider and its encrypted credentials permanently. Rejected under a legal hold on the tenant.',
    auth: writing,
    params: providerParams,
    response: { status: 204, description: 'Deleted.' },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
