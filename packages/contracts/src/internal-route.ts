import { z } from 'zod';
import type { Route } from './route.ts';

/** What database-gateway answers a forwarded request with. */
const envelope = <R extends z.ZodType>(answer: R) =>
  z.object({
    answer,
    /** The version of what is answered, for the `ETag`; null where there is none. */
    version: z.number().int().nullable(),
    /** The answer is the one that the same request got before. */
    replayed: z.boolean(),
  });

type Envelope<R extends z.ZodType> = ReturnType<typeof envelope<R>>;

/**
 * The route of database-gateway that carries out a route of the management API: the same method, parameters, body and
 * answer, under `/internal`, with the caller in the header `CALLER_HEADER`. So a resource is described once.
 * @param changed where what is stored differs from what the public sends and sees, such as the hash of a secret
 */
export function internalRoute<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  SB extends z.ZodType = B,
  SR extends z.ZodType = R,
>(route: Route<P, Q, B, R>, changed: { readonly body?: SB; readonly answer?: SR } = {}): Route<P, Q, SB, Envelope<SR>> {
  // What is uploaded stays at the edge.
  const { body: sent, upload: _upload, ...rest } = route;
  const body = changed.body ?? sent;
  const answer = changed.answer ?? route.response.json ?? z.null();
  return {
    ...rest,
    name: `stored.${route.name}`,
    service: 'database-gateway',
    path: `/internal${route.path.slice('/api'.length)}`,
    auth: { kind: 'service' },
    // web-api makes ids, prefixes and the caller's header: only a service can send one twice, or a wrong one.
    errors: [...new Set([...route.errors, 'CONFLICT' as const, 'INVALID_REQUEST' as const])],
    // The types of what is not changed are those of the route itself, which inference cannot tell from the defaults.
    ...(body === undefined ? {} : { body: body as SB }),
    response: { status: 200, description: route.response.description, json: envelope(answer as SR) },
  };
}
