import { createApiKey, createTenant, storeApiKey, storeTenant } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { generateApiKey } from '../keys/api-key-format.ts';
import { hashApiKey } from '../keys/key-hash.ts';

/** What the tenant routes work with. */
export interface TenantRoutesOptions {
  readonly database: ServiceClient;
  readonly pepper: string;
}

/** Creates the operator's routes for tenants and their keys. */
export function createTenantRoutes({ database, pepper }: TenantRoutesOptions): readonly BoundRoute[] {
  return [
    bindRoute(createTenant, ({ body, signal }) =>
      database.call(storeTenant, { body: { id: uuidv7(), name: body.name }, signal }),
    ),
    bindRoute(createApiKey, async ({ params, body, signal }, reply) => {
      const expiresAt = body.expires_at ?? null;
      if (expiresAt !== null && Date.parse(expiresAt) <= Date.now()) {
        throw new InvalidRequestError(`expires_at is ${expiresAt}, which has passed.`, { param: 'expires_at' });
      }
      const { key, prefix } = generateApiKey();
      const stored = await database.call(storeApiKey, {
        body: {
          id: uuidv7(),
          tenant_id: params.tenant_id,
          name: body.name,
          prefix,
          key_hash: hashApiKey(key, pepper),
          scopes: [...new Set(body.scopes)],
          expires_at: expiresAt,
        },
        signal,
      });
      reply.setHeader('cache-control', 'no-store');
      return { ...stored, key };
    }),
  ];
}
