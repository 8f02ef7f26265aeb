import type { Route } from '@aion/contracts';
import { errorMessage } from '@aion/errors';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import type { z } from 'zod';

/** A refused request of the public API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** What a call sends, and to whom. */
export interface RouteCall<P extends z.ZodType, B extends z.ZodType> {
  readonly baseUrl: string;
  readonly key: string;
  readonly params?: z.input<P>;
  readonly body?: z.input<B>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Calls a public route as any outside program would, with the caller's trace, and parses the answer by its contract.
 * @throws ApiError when it is refused
 */
export async function callRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  call: RouteCall<P, B>,
): Promise<z.output<R>> {
  return withSpan(`${route.method} ${route.path}`, { kind: SpanKind.CLIENT }, async (span) => {
    const answer = await fetchRoute(route, call);
    span.setAttribute('http.response.status_code', answer.status);
    const { json } = route.response;
    if (json === undefined) throw new Error(`${route.name} has no JSON answer: use fetchRoute.`);
    return json.parse(await answer.json());
  });
}

/** Calls a public route and gives the answer with its body unread. @throws ApiError when it is refused */
export async function fetchRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  { baseUrl, key, params, body, headers, signal }: RouteCall<P, B>,
): Promise<Response> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(paramOf(params, name)));
  const answer = await fetch(`${baseUrl}${path}`, {
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
  if (!answer.ok) throw await toApiError(`${route.method} ${path}`, answer);
  return answer;
}

function paramOf(params: unknown, name: string): string {
  const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, name) : undefined;
  if (typeof value !== 'string') throw new Error(`The path's parameter "${name}" is not given.`);
  return value;
}

/** The error of a refusal, with what its body says. */
export async function toApiError(what: string, answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(errorMessage);
  return new ApiError(`${what} answered ${answer.status}: ${text.slice(0, 500)}`, answer.status);
}
