import {
  createOwnApiKey,
  getApiKey,
  listApiKeys,
  readApiKey,
  readApiKeys,
  revokeApiKey,
  revokeStoredApiKey,
  type Scope,
} from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { requireKey } from '../admission/authorise.ts';
import { readPage } from '../paging/page.ts';
import { createStoredKey } from './create-stored-key.ts';

/** What the routes of a tenant's own keys work with. */
export interface OwnKeyRoutesOptions {
  readonly database: ServiceClient;
  readonly pepper: string;
}

/** Creates the routes by which a tenant looks after its keys. */
export function createOwnKeyRoutes({ database, pepper }: OwnKeyRoutesOptions): readonly BoundRoute[] {
  return [
    bindRoute(listApiKeys, ({ query, identity, signal }) => {
      const params = { tenant_id: requireKey(identity).tenantId };
      return readPage({
        list: 'api-keys',
        query,
        read: async (limit, before) =>
          (await database.call(readApiKeys, { params, query: { limit, before }, signal })).data,
        positionOf: ({ id }) => id,
      });
    }),
    bindRoute(createOwnApiKey, ({ body, identity, signal }, reply) => {
      const { tenantId, keyId, scopes } = requireKey(identity);
      refuseMoreScopes(body.scopes, scopes);
      reply.setHeader('cache-control', 'no-store');
      return createStoredKey({ database, pepper, signal }, { ...body, tenantId, actor: `api_key:${keyId}` });
    }),
    bindRoute(getApiKey, ({ params, identity, signal }) => {
      const { tenantId } = requireKey(identity);
      return database.call(readApiKey, { params: { tenant_id: tenantId, key_id: params.key_id }, signal });
    }),
    bindRoute(revokeApiKey, ({ params, identity, signal }) => {
      const { tenantId, keyId } = requireKey(identity);
      return database.call(revokeStoredApiKey, {
        params: { tenant_id: tenantId, key_id: params.key_id },
        body: { actor: `api_key:${keyId}` },
        signal,
      });
    }),
  ];
}

/** A key cannot make one that may do more than itself. */
function refuseMoreScopes(wanted: readonly Scope[], held: readonly string[]): void {
  const missing = wanted.filter((scope) => !held.includes(scope));
  if (missing.length === 0) return;
  const names = missing.map((scope) => `"${scope}"`).join(', ');
  throw new PermissionDeniedError(`This key lacks ${names}, so it cannot give it to another key.`, { param: 'scopes' });
}
