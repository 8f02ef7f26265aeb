import { type Route, routes, internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute, type Reply, type RouteRequest, type ServiceClient } from '@aion/http';
import type { z } from 'zod';
import { reveal } from '../management/forward-route.ts';
import { callerOf } from '../management/caller-of.ts';
import type { KeyMaker } from './key-maker.ts';

/** What the routes that make keys work with. */
export interface KeyRoutesOptions {
  readonly database: ServiceClient;
  readonly keyMaker: KeyMaker;
}

type Request = RouteRequest<z.ZodType, z.ZodType, NonNullable<typeof routes.apiKeys.createOwn.body>>;

/** Creates the routes that make keys of tenants: the secret is made here, and database-gateway gets its hash. */
export function createKeyRoutes({ database, keyMaker }: KeyRoutesOptions): readonly BoundRoute[] {
  const create = async (route: Route, request: Request, reply: Reply) => {
    const { body, signal } = request;
    const caller = callerOf(route, request);
    const made = keyMaker.make('sk', body.expires_at);
    reply.setHeader('cache-control', 'no-store');
    const answer = reveal(
      await database.call(internalRoutes.apiKeys.store, { body: { ...body, ...made }, caller, signal }),
      reply,
    );
    return keyMaker.show(answer);
  };
  return [
    bindRoute(routes.apiKeys.create, (request, reply) => create(routes.apiKeys.create, request, reply)),
    bindRoute(routes.apiKeys.createOwn, (request, reply) => create(routes.apiKeys.createOwn, request, reply)),
  ];
}
