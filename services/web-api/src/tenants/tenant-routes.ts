import { createApiKey, createTenant, storeTenant } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { createStoredKey } from '../keys/create-stored-key.ts';

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
    bindRoute(createApiKey, ({ params, body, signal }, reply) => {
      reply.setHeader('cache-control', 'no-store');
      return createStoredKey({ database, pepper, signal }, { ...body, tenantId: params.tenant_id, actor: 'operator' });
    }),
  ];
}
