import { createProvider, storeProvider, storeProviderChange, updateProvider } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import type { Sealer } from '@aion/sealing';
import { v7 as uuidv7 } from 'uuid';
import { callerOf } from '../management/caller-of.ts';
import { callerHeaders, reveal } from '../management/forward-route.ts';
import { sealCredentials } from './seal-credentials.ts';

/** What the routes that take credentials of providers work with. */
export interface ProviderRoutesOptions {
  readonly database: ServiceClient;
  readonly sealer: Sealer;
}

/** Creates the routes that take credentials: they are sealed here, and no other service sees them otherwise. */
export function createProviderRoutes({ database, sealer }: ProviderRoutesOptions): readonly BoundRoute[] {
  return [
    bindRoute(createProvider, async (request, reply) => {
      const { credentials, ...wanted } = request.body;
      const headers = callerHeaders(callerOf(createProvider, request));
      const id = uuidv7();
      const sealed = credentials ? sealCredentials(sealer, id, credentials) : null;
      const body = { ...wanted, id, sealed_credentials: sealed };
      return reveal(await database.call(storeProvider, { body, headers, signal: request.signal }), reply);
    }),
    bindRoute(updateProvider, async (request, reply) => {
      const { credentials, ...change } = request.body;
      const { params, signal } = request;
      const headers = callerHeaders(callerOf(updateProvider, request));
      const sealed = credentials ? sealCredentials(sealer, params.provider_id, credentials) : credentials;
      const body = { ...change, ...(sealed === undefined ? {} : { sealed_credentials: sealed }) };
      return reveal(await database.call(storeProviderChange, { params, body, headers, signal }), reply);
    }),
  ];
}
