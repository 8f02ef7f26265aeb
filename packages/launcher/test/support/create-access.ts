import { createApiKey, createTenant } from '@aion/contracts';
import { callRoute } from '../../src/platform/call-route.ts';

/** A tenant and its key. */
export interface Access {
  /** Its traces are its caller's: the scope `trace` is among its scopes. */
  readonly key: string;
  readonly tenantId: string;
}

const { signal } = new AbortController();

/** Creates a tenant with a key for inference and exports. */
export async function createAccess(platform: {
  readonly baseUrl: string;
  readonly operatorKey: string;
}): Promise<Access> {
  const { baseUrl, operatorKey } = platform;
  const tenant = await callRoute(createTenant, { baseUrl, key: operatorKey, body: { name: 'Observed' }, signal });
  const { key } = await callRoute(createApiKey, {
    baseUrl,
    key: operatorKey,
    params: { tenant_id: tenant.id },
    body: { name: 'test', scopes: ['inference', 'exports:read', 'exports:write', 'trace'] },
    signal,
  });
  return { key, tenantId: tenant.id };
}
