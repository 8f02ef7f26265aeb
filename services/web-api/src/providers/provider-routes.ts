import { routes, internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import type { Encryption } from '@aion/encryption';
import { v7 as uuidv7 } from 'uuid';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';
import { encryptCredentials } from './encrypt-credentials.ts';

/** Options of `createProviderRoutes`. */
export interface ProviderRoutesOptions {
  readonly database: ServiceClient;
  readonly encryption: Encryption;
}

/** Creates the routes that accept credentials and encrypt them here: no other service receives them in the clear. */
export function createProviderRoutes({ database, encryption }: ProviderRoutesOptions): readonly BoundRoute[] {
  return [
    bindRoute(routes.providers.create, async (request, reply) => {
      const { credentials, ...wanted } = request.body;
      const caller = callerOf(routes.providers.create, request);
      const id = uuidv7();
      const encrypted = credentials ? encryptCredentials(encryption, id, credentials) : null;
      const body = { ...wanted, id, sealed_credentials: encrypted };
      const response = await database.call(internalRoutes.providers.store, { body, caller, signal: request.signal });
      return applyResponseHeaders(response, reply);
    }),
    bindRoute(routes.providers.update, async (request, reply) => {
      const { credentials, ...change } = request.body;
      const { params, signal } = request;
      const caller = callerOf(routes.providers.update, request);
      const encrypted = credentials ? encryptCredentials(encryption, params.provider_id, credentials) : credentials;
      const body = { ...change, ...(encrypted === undefined ? {} : { sealed_credentials: encrypted }) };
      const response = await database.call(internalRoutes.providers.storeChange, { params, body, caller, signal });
      return applyResponseHeaders(response, reply);
    }),
  ];
}
