import { internalRoute, type Route } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import type { z } from 'zod';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders, type InternalResponse } from './apply-response-headers.ts';

/** Binds a route of the management API that database-gateway handles completely. */
export function forwardRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  database: ServiceClient,
): BoundRoute {
  const internal = internalRoute(route);
  return bindRoute(route, async (request, reply) => {
    const { params, query, body, signal } = request;
    const caller = callerOf(route, request);
    // Validated values are valid input: no schema of the management API changes the values that it parses.
    const input = { params, query, body } as { params: z.input<P>; query: z.input<Q>; body: z.input<B> };
    const response = await database.call(internal, { ...input, caller, signal });
    // The answer was parsed with the schema of the route; it is null where the route has no answer.
    return applyResponseHeaders(response as InternalResponse<z.input<R> | null>, reply) ?? undefined;
  });
}
