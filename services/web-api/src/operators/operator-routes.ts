import { routes, internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import type { KeyMaker } from '../keys/key-maker.ts';
import { callerOf } from '../management/caller-of.ts';
import { reveal } from '../management/forward-route.ts';

/** Creates the routes that make operators. */
export function createOperatorRoutes(options: {
  readonly database: ServiceClient;
  readonly keyMaker: KeyMaker;
}): readonly BoundRoute[] {
  const { database, keyMaker } = options;
  const bind = (route: typeof routes.operators.create, stored: typeof internalRoutes.operators.store) =>
    bindRoute(route, async (request, reply) => {
      const { body, signal } = request;
      const caller = callerOf(route, request);
      const made = keyMaker.make('op', body.expires_at);
      reply.setHeader('cache-control', 'no-store');
      const answer = reveal(await database.call(stored, { body: { ...body, ...made }, caller, signal }), reply);
      return keyMaker.show(answer);
    });
  return [
    bind(routes.operators.create, internalRoutes.operators.store),
    bind(routes.operators.init, internalRoutes.operators.storeFirst),
  ];
}
