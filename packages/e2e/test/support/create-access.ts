import { callRoute } from '@aion/client/traced';
import { type Scope, routes } from '@aion/contracts';

/** A tenant and its key. */
export interface Access {
  /** Its traces are its caller's: the scope `trace` is among its scopes. */
  readonly key: string;
  readonly tenantId: string;
}

const { signal } = new AbortController();
const SCOPES: readonly Scope[] = ['inference', 'exports:read', 'exports:write', 'trace'];

/** Creates a tenant with a key: for inference and exports, if nothing else is said. */
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
