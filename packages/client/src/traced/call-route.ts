import { fillPath, type Route } from '@aion/contracts';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import type { z } from 'zod';
import { readApiError } from '../api-error.ts';

/** Input of a call, and the API that receives it. */
export interface RouteCall<P extends z.ZodType, B extends z.ZodType> {
  readonly baseUrl: string;
  readonly key: string;
  readonly params?: z.input<P>;
  readonly body?: z.input<B>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Calls a public route as an external program does, with the trace of the caller, and parses the answer by its contract.
 * @throws ApiError when the API rejects the request
 */
export async function callRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  call: RouteCall<P, B>,
): Promise<z.output<R>> {
  return withSpan(`${route.method} ${route.path}`, { kind: SpanKind.CLIENT }, async (span) => {
    const response = await fetchRoute(route, call);
    span.setAttribute('http.response.status_code', response.status);
    const { json } = route.response;
    if (json === undefined) throw new Error(`${route.name} has no JSON answer: use fetchRoute.`);
    return json.parse(await response.json());
  });
}

/**
 * Calls a public route and returns the response with its body unread.
 * @throws ApiError when the API rejects the request
 */
export async function fetchRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  { baseUrl, key, params, body, headers, signal }: RouteCall<P, B>,
): Promise<Response> {
  const response = await fetch(`${baseUrl}${fillPath(route, params)}`, {
    method: route.method,
    headers: {
      authorization: `Bearer ${key}`,
      ...captureTraceparent(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
  if (!response.ok) throw await readApiError(response);
  return response;
}
