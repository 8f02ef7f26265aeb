import { callRoute } from '@aion/client/traced';
import { SCOPES, type Role, type Scope, routes } from '@aion/contracts';
import { waitFor } from '@aion/testkit';

const { signal } = new AbortController();
/** Long enough that a slow machine creates the key before it expires. */
const EXPIRES_MS = 5_000;

/** Creates a tenant and returns functions that create its keys and users; `key` is the key of the operator. */
export async function createKeyedTenant({ baseUrl, key }: { readonly baseUrl: string; readonly key: string }) {
  const { id } = await callRoute(routes.tenants.create, { baseUrl, key, body: { name: 'Fuzzed' }, signal });
  const params = { tenant_id: id };
  const call = { baseUrl, key, signal };
  const createKey = (scopes: readonly Scope[], change: { expires_at?: string; user_id?: string } = {}) =>
    callRoute(routes.apiKeys.create, { ...call, params, body: { name: 'fuzz', scopes: [...scopes], ...change } });
  return {
    id,
    createKey,
    createPerson: async (role: Role) => {
      const headers = { 'x-aion-tenant': id };
      const body = { email: `${role}@example.com`, name: role, role };
      const user = await callRoute(routes.users.create, { ...call, headers, body });
      const membership = { id: user.membership_id };
      return { id: user.id, membership, key: await createKey(SCOPES, { user_id: user.id }) };
    },
    createExpiredKey: async () => {
      const created = await createKey(SCOPES, { expires_at: new Date(Date.now() + EXPIRES_MS).toISOString() });
      await waitFor(
        async () =>
          (await fetch(`${baseUrl}/v1/models`, { headers: { authorization: `Bearer ${created.key}` } })).status === 401,
        { describe: 'a key to expire', timeoutMs: 3 * EXPIRES_MS },
      );
      return created;
    },
    createRevokedKey: async () => {
      const created = await createKey(SCOPES);
      await callRoute(routes.apiKeys.revoke, { baseUrl, key: created.key, params: { key_id: created.id }, signal });
      return created;
    },
  };
}
