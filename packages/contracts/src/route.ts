import type { ErrorCode } from '@aion/errors';
import type { z } from 'zod';

/** The services that serve routes over HTTP. */
export type ServiceName = 'web-api' | 'ai-engine' | 'database-gateway' | 'data-export';

/** What a key may be allowed to do. `trace` lets its holder's own trace be the root of AION's. */
export const SCOPES = [
  'inference',
  'exports:read',
  'exports:write',
  'keys:read',
  'keys:write',
  'audit:read',
  'trace',
] as const;
/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

/**
 * Who may call a route: anyone; the holder of a key with a scope; the platform operator; the holder of a signed URL;
 * another service of AION with a service token for this one.
 */
export type RouteAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly scope: Scope }
  | { readonly kind: 'operator' }
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
  readonly response: RouteResponse<R>;
  /** The domain errors that a caller of this route must expect, beside those that every route may answer. */
  readonly errors: readonly ErrorCode[];
  /** Safe to send twice: the client repeats it when a connection breaks before an answer. */
  readonly idempotent: boolean;
}

/** Declares a route; exists for its types. */
export function defineRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
): Route<P, Q, B, R> {
  return route;
}
