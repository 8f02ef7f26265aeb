import { z } from 'zod';
import type { Route } from './route.ts';

/** Answer of database-gateway to a forwarded request. */
const envelope = <R extends z.ZodType>(answer: R) =>
  z.object({
    answer,
    /** Version of the resource, for the `ETag`; null when it has none. */
    version: z.number().int().nullable(),
    /** The answer is the stored one of an earlier request with the same `Idempotency-Key`. */
    replayed: z.boolean(),
  });

type Envelope<R extends z.ZodType> = ReturnType<typeof envelope<R>>;

/**
 * Derives the route of database-gateway that handles a route of the management API: same method, parameters, body and
 * answer, under `/internal`, with the caller in the header `CALLER_HEADER`. Each resource is described once.
 * @param changed body or answer where the stored form differs from the public one, such as the hash of a secret
 */
export function internalRoute<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  SB extends z.ZodType = B,
  SR extends z.ZodType = R,
>(route: Route<P, Q, B, R>, changed: { readonly body?: SB; readonly answer?: SR } = {}): Route<P, Q, SB, Envelope<SR>> {
  // Uploaded bytes go to the object store, not to database-gateway.
  const { body: sent, upload: _upload, ...rest } = route;
  const body = changed.body ?? sent;
  const answer = changed.answer ?? route.response.json ?? z.null();
  return {
    ...rest,
    name: `stored.${route.name}`,
    service: 'database-gateway',
    path: `/internal${route.path.slice('/api'.length)}`,
    auth: { kind: 'service' },
    // web-api generates ids, prefixes and the caller: these errors mean that a service sent a wrong or repeated one.
    errors: [...new Set([...route.errors, 'CONFLICT' as const, 'INVALID_REQUEST' as const])],
    // Unchanged parts keep the route's own types, which TypeScript does not infer from the default type parameters.
    ...(body === undefined ? {} : { body: body as SB }),
    response: { status: 200, description: route.response.description, json: envelope(answer as SR) },
  };
}
