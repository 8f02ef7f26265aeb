import { internalRoute, type Route } from '@aion/contracts';
import { bindRoute, type BoundRoute, type Reply, type ServiceClient } from '@aion/http';
import type { z } from 'zod';
import { callerOf } from './caller-of.ts';

/** What database-gateway has answered. */
export interface StoredAnswer<A> {
  readonly answer: A;
  readonly version: number | null;
  readonly replayed: boolean;
}

/** Binds a route of the management API that database-gateway carries out as it is. */
export function forwardRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  database: ServiceClient,
): BoundRoute {
  const stored = internalRoute(route);
  return bindRoute(route, async (request, reply) => {
    const { params, query, body, signal } = request;
    const caller = callerOf(route, request);
    // Validated values are valid input: no schema of the management API changes what it has parsed.
    const input = { params, query, body } as { params: z.input<P>; query: z.input<Q>; body: z.input<B> };
    const answer = await database.call(stored, { ...input, caller, signal });
    // The gateway's own answer, parsed by the schema of the route; null where the route has no answer.
    return reveal(answer as StoredAnswer<z.input<R> | null>, reply) ?? undefined;
  });
}

/** Gives the answer, and its version and whether it is a repeated one in headers. */
export function reveal<A>({ answer, version, replayed }: StoredAnswer<A>, reply: Reply): A {
  if (version !== null) reply.setHeader('etag', `"${version}"`);
  if (replayed) reply.setHeader('idempotent-replayed', 'true');
  return answer;
}
