import { routes, internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { callerOf } from '../callers/caller-of.ts';
import type { KeyIssuer } from '../keys/key-issuer.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';

/** Creates the routes that create operators. */
export function createOperatorRoutes(options: {
  readonly database: ServiceClient;
  readonly keyIssuer: KeyIssuer;
}): readonly BoundRoute[] {
  const { database, keyIssuer } = options;
  const bind = (route: typeof routes.operators.create, internal: typeof internalRoutes.operators.store) =>
    bindRoute(route, async (request, reply) => {
      const { body, signal } = request;
      const caller = callerOf(route, request);
      const issued = keyIssuer.issue('op', body.expires_at);
      reply.setHeader('cache-control', 'no-store');
      const response = await database.call(internal, { body: { ...body, ...issued }, caller, signal });
      return keyIssuer.decryptKey(applyResponseHeaders(response, reply));
    });
  return [
    bind(routes.operators.create, internalRoutes.operators.store),
    bind(routes.operators.init, internalRoutes.operators.storeFirst),
  ];
}
