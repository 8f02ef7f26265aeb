import type { ErrorCode } from '@aion/errors';
import type { z } from 'zod';
import type { Scope } from './scopes.ts';

/** The services that serve routes over HTTP. */
export type ServiceName = 'web-api' | 'ai-engine' | 'database-gateway' | 'data-export';

/**
 * Who may call a route: anyone; the holder of a tenant's key with a scope; that, or the platform operator, who names the
 * tenant in the header `x-aion-tenant` (or none, with `orPlatform`, for what is the platform's); the operator alone; the holder of the one-time secret of the installation; of a
 * signed URL; another service of AION with a service token for this one.
 */
export type RouteAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly scope: Scope }
  | { readonly kind: 'tenant'; readonly scope: Scope; readonly orPlatform?: true }
  | { readonly kind: 'operator' }
  | { readonly kind: 'init' }
  | { readonly kind: 'signed-url' }
  | { readonly kind: 'service' };

/** The media types of answers that are not one JSON document. */
export type StreamContentType =
  'text/event-stream' | 'application/x-ndjson' | 'application/x-tar' | 'application/octet-stream';

/** A successful answer: one JSON document, a stream of bytes, or (for completions) either as the caller asks. */
export interface RouteResponse<R extends z.ZodType> {
  readonly status: 200 | 201 | 202 | 204 | 206;
  readonly description: string;
  readonly json?: R;
  readonly stream?: StreamContentType;
  /** The answer is one version of something that can be edited: it comes with an `ETag` (RFC 9110, 8.8.3). */
  readonly etag?: true;
}

/** That a route will go, and when: its answers say so (RFC 9745, RFC 8594). */
export interface Deprecation {
  /** An instant, ISO 8601. */
  readonly since: string;
  /** When it stops to answer; not before `since`. */
  readonly sunset?: string;
  /** What to use instead. */
  readonly link?: string;
}

/** One HTTP route: server validation, typed client, OpenAPI document and reference all come from it. */
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
  /** An OpenAPI path template: `/api/v1/exports/{export_id}`. It is the `path` label and the span's name, too. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly auth: RouteAuth;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The body is bytes of any media type, which the handler reads as they come. Such a route has no `body`. */
  readonly upload?: true;
  readonly response: RouteResponse<R>;
  /** The domain errors that a caller of this route must expect, beside those that every route may answer. */
  readonly errors: readonly ErrorCode[];
  /** The change applies to the version that `If-Match` names, if it names one. */
  readonly conditional?: true;
  /**
   * It changes something, and a tenant that is read-only may call it all the same: it takes its data with it, and keeps it
   * safe. Without it such a tenant calls routes that read, and no others.
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

/** Whether a route changes nothing (RFC 9110, 9.2.1). */
export function isReading({ method }: Pick<Route, 'method'>): boolean {
  return method === 'GET';
}

/** What a route does, and whether it does so for a tenant that is read-only, for people who read of it. */
export function descriptionOf({ description, whileReadOnly }: Route): string {
  return whileReadOnly === true ? `${description} A tenant that is read-only may do so, too.` : description;
}

/** Whether a route takes an `Idempotency-Key`: every POST of the management API does. */
export function takesIdempotencyKey(route: Route): boolean {
  return route.method === 'POST' && route.path.startsWith('/api/v1/');
}

/** Validated path parameters of a route. */
export type ParamsOf<R extends Pick<Route, 'params'>> = z.output<NonNullable<R['params']>>;
/** Validated query of a route. */
export type QueryOf<R extends Pick<Route, 'query'>> = z.output<NonNullable<R['query']>>;
/** Validated body of a route. */
export type BodyOf<R extends Pick<Route, 'body'>> = z.output<NonNullable<R['body']>>;
/** Body of a route as a caller sends it. */
export type BodyInputOf<R extends Pick<Route, 'body'>> = z.input<NonNullable<R['body']>>;
/** Parsed JSON answer of a route. */
export type AnswerOf<R extends { readonly response: Pick<Route['response'], 'json'> }> = z.output<
  NonNullable<R['response']['json']>
>;
