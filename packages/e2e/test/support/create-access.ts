import { callRoute } from '@aion/client/traced';
import { type Scope, routes } from '@aion/contracts';

/** A tenant and its key. */
export interface Access {
  /** Key with the scope `trace`, so that its requests continue the trace of the caller. */
  readonly key: string;
  readonly tenantId: string;
}

const { signal } = new AbortController();
const SCOPES: readonly Scope[] = ['inference', 'exports:read', 'exports:write', 'trace'];

/** Creates a tenant with a key, by default for inference and exports. */
export async function createAccess(
  platform: { readonly baseUrl: string; readonly operatorKey: string },
  scopes: readonly Scope[] = SCOPES,
): Promise<Access> {
  const { baseUrl, operatorKey } = platform;
  const tenant = await callRoute(routes.tenants.create, {
    baseUrl,
    key: operatorKey,
    body: { name: 'Observed' },
    signal,
  });
  const { key } = await callRoute(routes.apiKeys.create, {
    baseUrl,
    key: operatorKey,
    params: { tenant_id: tenant.id },
    body: { name: 'test', scopes: [...scopes] },
    signal,
  });
  return { key, tenantId: tenant.id };
}
