import type { ErrorCode } from '@aion/errors';
import type { z } from 'zod';
import type { Scope } from './scopes.ts';

/** The services that serve routes over HTTP. */
export type ServiceName = 'web-api' | 'ai-engine' | 'database-gateway' | 'data-export';

/**
 * Authorization of a route:
 * - `none`: anyone;
 * - `key`: a tenant's key with the scope;
 * - `tenant`: the same, or an operator, who names the tenant in the header `x-aion-tenant` (optional with `orPlatform`:
 *   without it the request is about the platform);
 * - `operator`: an operator only;
 * - `init`: the one-time secret of the installation;
 * - `signed-url`: a signed URL;
 * - `service`: another service of AION, with a service token for this one.
 */
export type RouteAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly scope: Scope }
  | { readonly kind: 'tenant'; readonly scope: Scope; readonly orPlatform?: true }
  | { readonly kind: 'operator' }
  | { readonly kind: 'init' }
  | { readonly kind: 'signed-url' }
  | { readonly kind: 'service' };

/** Media types of answers that are not one JSON document. */
export type StreamContentType =
  'text/event-stream' | 'application/x-ndjson' | 'application/x-tar' | 'application/octet-stream';

/** A successful answer: one JSON document, a stream of bytes, or (for completions) either, as the caller requests. */
export interface RouteResponse<R extends z.ZodType> {
  readonly status: 200 | 201 | 202 | 204 | 206;
  readonly description: string;
  readonly json?: R;
  readonly stream?: StreamContentType;
  /** The answer is a version of a resource that can be edited, and has an `ETag` (RFC 9110, 8.8.3). */
  readonly etag?: true;
}

/** Planned removal of a route, announced in the headers of its answers (RFC 9745, RFC 8594). */
export interface Deprecation {
  /** An instant, ISO 8601. */
  readonly since: string;
  /** When the route is removed; not before `since`. */
  readonly sunset?: string;
  /** The replacement. */
  readonly link?: string;
}

/** One HTTP route, from which server validation, typed client, OpenAPI document and reference are derived. */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  /** `operationId`: a verb and its object. */
  readonly name: string;
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** An OpenAPI path template: `/api/v1/exports/{export_id}`. Also the `path` label and part of the span name. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly auth: RouteAuth;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The body is bytes of any media type, which the handler reads as a stream. Such a route has no `body`. */
  readonly upload?: true;
  readonly response: RouteResponse<R>;
  /** Domain errors of this route, in addition to those that every route may answer. */
  readonly errors: readonly ErrorCode[];
  /** The change applies to the version in `If-Match`, when that header is present. */
  readonly conditional?: true;
  /**
   * A read-only tenant may call the route although it changes something, to take its data along or to protect it. Without
   * it, a read-only tenant can call only routes that read.
   */
  readonly whileReadOnly?: true;
  readonly deprecation?: Deprecation;
  /** Safe to send twice: the client repeats it when a connection breaks before an answer. */
  readonly idempotent: boolean;
}

/** Declares a route; exists for its types. */
export function defineRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
): Route<P, Q, B, R> {
  return route;
}

/** Reports whether a route is safe, that is, changes nothing (RFC 9110, 9.2.1). */
export function isReading({ method }: Pick<Route, 'method'>): boolean {
  return method === 'GET';
}

/** Returns the description of a route for documents, with a note when a read-only tenant may call it. */
export function descriptionOf({ description, whileReadOnly }: Route): string {
  return whileReadOnly === true ? `${description} Also allowed for a read-only tenant.` : description;
}

/** Reports whether a route accepts an `Idempotency-Key`: every POST of the management API does. */
export function takesIdempotencyKey(route: Route): boolean {
  return route.method === 'POST' && route.path.startsWith('/api/v1/');
}

/** Validated path parameters of a route. */
export type ParamsOf<R extends Pick<Route, 'params'>> = z.output<NonNullable<R['params']>>;
/** Validated query of a route. */
export type QueryOf<R extends Pick<Route, 'query'>> = z.output<NonNullable<R['query']>>;
/** Validated body of a route. */
export type BodyOf<R extends Pick<Route, 'body'>> = z.output<NonNullable<R['body']>>;
/** Body of a route before validation, as a caller sends it. */
export type BodyInputOf<R extends Pick<Route, 'body'>> = z.input<NonNullable<R['body']>>;
/** Parsed JSON answer of a route. */
export type AnswerOf<R extends { readonly response: Pick<Route['response'], 'json'> }> = z.output<
  NonNullable<R['response']['json']>
>;
