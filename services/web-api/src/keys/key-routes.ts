import { type Route, routes, internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute, type Reply, type RouteRequest, type ServiceClient } from '@aion/http';
import type { z } from 'zod';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';
import type { KeyIssuer } from './key-issuer.ts';

/** Options of `createKeyRoutes`. */
export interface KeyRoutesOptions {
  readonly database: ServiceClient;
  readonly keyIssuer: KeyIssuer;
}

type Request = RouteRequest<z.ZodType, z.ZodType, NonNullable<typeof routes.apiKeys.createOwn.body>>;

/** Creates the routes that create keys of tenants: the secret is generated here, and database-gateway receives its hash. */
export function createKeyRoutes({ database, keyIssuer }: KeyRoutesOptions): readonly BoundRoute[] {
  const create = async (route: Route, request: Request, reply: Reply) => {
    const { body, signal } = request;
    const caller = callerOf(route, request);
    const issued = keyIssuer.issue('sk', body.expires_at);
    reply.setHeader('cache-control', 'no-store');
    const input = { body: { ...body, ...issued }, caller, signal };
    const response = await database.call(internalRoutes.apiKeys.store, input);
    return keyIssuer.decryptKey(applyResponseHeaders(response, reply));
  };
  return [
    bindRoute(routes.apiKeys.create, (request, reply) => create(routes.apiKeys.create, request, reply)),
    bindRoute(routes.apiKeys.createOwn, (request, reply) => create(routes.apiKeys.createOwn, request, reply)),
  ];
}
