import { ERROR_KINDS, PROBLEM_CONTENT_TYPE, type ErrorCode } from '@aion/errors';
import { OpenApiGeneratorV31, OpenAPIRegistry, type ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { uuid } from './fields.ts';
import { fixNullableSchemas } from './fix-nullable-schemas.ts';
import { PUBLIC_ROUTES } from './routes.ts';
import { descriptionOf, isReading, takesIdempotencyKey, type Route } from './route.ts';
import { rolesWith } from './scopes.ts';

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    instance: z.string().optional(),
    request_id: z.string().optional(),
    param: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    retry_after_seconds: z.number().optional(),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

const openAiError = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: 'OpenAiError', description: "OpenAI's error shape." });

/** Bytes of any media type; a document must name one. */
const UPLOAD = { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } };

/** OpenAPI 3.1 tools read the schema of an event stream as the schema of each event. */
const serverSentEvent = z
  .object({ id: z.string().optional(), event: z.string().optional(), data: z.string().optional() })
  .meta({ id: 'ServerSentEvent', description: 'One event of the stream (WHATWG HTML, 9.2); `data` is JSON.' });

/** Generates the OpenAPI 3.1 document of the public API, or of other routes of one service, from the contracts. */
export function createOpenApiDocument(version: string, routes: readonly Route[] = PUBLIC_ROUTES) {
  const registry = new OpenAPIRegistry();
  const scheme = registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An AION key: `Authorization: Bearer aion_sk_...`.',
  });
  for (const route of routes) registerRoute(registry, route, scheme.name);
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'AION',
      version,
      description: 'Self-hosted, multi-tenant AI platform.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
  });
  return fixNullableSchemas(document);
}

function registerRoute(registry: OpenAPIRegistry, route: Route, scheme: string): void {
  const needsKey = !['none', 'signed-url'].includes(route.auth.kind);
  registry.registerPath({
    method: lowerMethod(route.method),
    path: route.path,
    operationId: route.name,
    summary: route.summary,
    description: descriptionOf(route),
    ...(route.deprecation === undefined ? {} : { deprecated: true }),
    ...permissions(route),
    security: needsKey ? [{ [scheme]: [] }] : [],
    request: {
      ...(route.params instanceof z.ZodObject ? { params: route.params } : {}),
      ...(route.query instanceof z.ZodObject ? { query: route.query } : {}),
      headers: headersOf(route),
      ...(route.upload === true ? { body: { required: true, content: UPLOAD } } : {}),
      ...(route.body === undefined
        ? {}
        : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
    },
    responses: { [route.response.status]: successResponse(route), ...errorResponses(route) },
  });
}

/** Returns the extensions that document authorization: the scope, and the roles that can hold it. */
function permissions(route: Route): object {
  const { auth } = route;
  if (auth.kind === 'operator' || auth.kind === 'init') return { 'x-aion-roles': ['operator'] };
  if (auth.kind !== 'key' && auth.kind !== 'tenant') return {};
  const roles = [...(auth.kind === 'tenant' ? ['operator'] : []), ...rolesWith(auth.scope)];
  const whileReadOnly = isReading(route) || route.whileReadOnly === true;
  return { 'x-aion-scope': auth.scope, 'x-aion-roles': roles, 'x-aion-while-read-only': whileReadOnly };
}

const idempotencyKey = z
  .string()
  .regex(/^[!-~]{1,255}$/)
  .meta({
    description: 'Any text, preferably a UUID: the request takes effect once, however often it is sent within a day.',
  });
const ifMatch = z
  .string()
  .regex(/^(\*|(W\/)?"[!#-~]*")$/)
  .meta({ description: 'The `ETag` of the version to change: rejected with 412 when the version differs.' });
const contentDigest = z
  .string()
  .regex(/^sha-256=:[A-Za-z0-9+/]{43}=:$/)
  .meta({ description: 'The SHA-256 of the body (RFC 9530): a body with another digest is rejected.' });
const namedTenant = uuid.meta({ description: 'The tenant that the operator acts for. A key acts for its own tenant.' });
const namedTenantIfAny = uuid.meta({
  description: 'The tenant that the operator acts for; without it, the platform. A key acts for its own tenant.',
});

function headersOf(route: Route): z.ZodObject {
  return z.object({
    ...(route.upload === true ? { 'content-digest': contentDigest.optional() } : {}),
    ...(takesIdempotencyKey(route) ? { 'idempotency-key': idempotencyKey.optional() } : {}),
    ...(route.conditional === true ? { 'if-match': ifMatch.optional() } : {}),
    ...(route.auth.kind === 'tenant'
      ? { 'x-aion-tenant': (route.auth.orPlatform === true ? namedTenantIfAny : namedTenant).optional() }
      : {}),
  });
}

function answerHeaders(route: Route): z.ZodObject {
  return z.object({
    ...(route.response.etag === true ? { etag: z.string().meta({ description: 'The version, for `If-Match`.' }) } : {}),
    ...(takesIdempotencyKey(route)
      ? {
          'idempotent-replayed': z
            .literal('true')
            .optional()
            .meta({ description: 'The answer is the stored one of the first request.' }),
        }
      : {}),
    ...(route.deprecation === undefined ? {} : { deprecation: z.string(), sunset: z.string().optional() }),
  });
}

function successResponse(route: Route): ResponseConfig {
  const { description, json, stream } = route.response;
  const content = {
    ...(json === undefined ? {} : { 'application/json': { schema: json } }),
    ...(stream === undefined
      ? {}
      : { [stream]: { schema: stream === 'text/event-stream' ? serverSentEvent : z.string() } }),
  };
  return { description, headers: answerHeaders(route), ...(Object.keys(content).length === 0 ? {} : { content }) };
}

function hasInput({ params, query, body }: Route): boolean {
  return params !== undefined || query !== undefined || body !== undefined;
}

/** Reports whether requests contain the caller header of internal routes, which can be invalid. */
function hasCaller({ auth }: Route): boolean {
  return auth.kind === 'service';
}

/** Reports whether the caller may name a tenant in a header, which can be invalid. */
function mayNameTenant({ auth }: Route): boolean {
  return auth.kind === 'tenant' || auth.kind === 'key' || auth.kind === 'operator';
}

/** Errors that follow from the kind of a route, in addition to those that it declares. */
function impliedErrors(route: Route): readonly ErrorCode[] {
  return [
    ...(hasInput(route) || mayNameTenant(route) || hasCaller(route) ? (['INVALID_REQUEST'] as const) : []),
    ...(route.auth.kind === 'tenant' ? (['NOT_FOUND'] as const) : []),
    // An operator cannot change a closed tenant.
    ...(route.auth.kind === 'tenant' && !isReading(route) ? (['CONFLICT'] as const) : []),
    ...(takesIdempotencyKey(route) ? (['IDEMPOTENCY_KEY_REUSED'] as const) : []),
    ...(route.conditional === true ? (['PRECONDITION_FAILED'] as const) : []),
    ...(route.body === undefined && route.upload !== true ? [] : (['PAYLOAD_TOO_LARGE'] as const)),
    ...(route.auth.kind === 'none' ? [] : (['INVALID_API_KEY', 'PERMISSION_DENIED'] as const)),
    'INTERNAL',
  ];
}

function errorResponses(route: Route): Record<number, ResponseConfig> {
  const codes = [...new Set([...route.errors, ...impliedErrors(route)])];
  const byStatus = Map.groupBy(codes, (code) => ERROR_KINDS[code].status);
  const content = route.path.startsWith('/v1/')
    ? { 'application/json': { schema: openAiError } }
    : { [PROBLEM_CONTENT_TYPE]: { schema: problem } };
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      { description: group.map((code) => ERROR_KINDS[code].title).join(', or '), content },
    ]),
  );
}

function lowerMethod(method: Route['method']): 'get' | 'post' | 'put' | 'patch' | 'delete' {
  const methods = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;
  return methods[method];
}
