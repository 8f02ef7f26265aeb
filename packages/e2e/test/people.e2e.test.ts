import { callRoute } from '@aion/client/traced';
import { SCOPES, routes } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { getSharedPlatform, type SharedPlatform } from './support/shared-platform.ts';

const { signal } = new AbortController();
let platform: SharedPlatform;

beforeAll(async () => {
  platform = await getSharedPlatform();
}, 90_000);

async function send(key: string, method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return fetch(`${platform.baseUrl}${path}`, {
    ...{ method, headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A tenant with the key of an owner, a member, and the member's key of all scopes. */
async function createPeople() {
  const asOperator = { baseUrl: platform.baseUrl, key: platform.operatorKey, signal };
  const tenant = await callRoute(routes.tenants.create, { ...asOperator, body: { name: 'People' } });
  const params = { tenant_id: tenant.id };
  const wanted = { name: 'key', scopes: [...SCOPES] };
  const { key: owner } = await callRoute(routes.apiKeys.create, { ...asOperator, params, body: wanted });
  const person = await callRoute(routes.users.create, {
    ...{ ...asOperator, key: owner },
    body: { email: 'ada@example.com', name: 'Ada', role: 'member' },
  });
  const { key } = await callRoute(routes.apiKeys.create, {
    ...asOperator,
    params,
    body: { ...wanted, user_id: person.id },
  });
  return { owner, person, key };
}

describe("a person's key", () => {
  it('may do what the role allows, within a second of its change, and nothing once the person is removed', async () => {
    const { owner, person, key } = await createPeople();
    const path = `/api/v1/memberships/${person.membership_id}`;
    const comesTo = (status: number) =>
      // A key is remembered for a second at most: the key directory's own tests hold it to that.
      waitFor(async () => (await send(key, 'GET', '/api/v1/users')).status === status, {
        describe: `the list of people to be answered with ${status}`,
        intervalMs: 50,
      });
    expect((await send(key, 'GET', '/api/v1/projects')).status).toBe(200);
    const refused = await send(key, 'GET', '/api/v1/users');
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('members:read')]);

    const before = await send(owner, 'GET', path);
    const promoted = await send(owner, 'PATCH', path, { role: 'admin' });
    expect(promoted.status).toBe(200);
    expect(promoted.headers.get('etag')).not.toBe(before.headers.get('etag'));
    await comesTo(200);
    expect((await send(key, 'PATCH', path, { role: 'owner' })).status).toBe(403);

    expect((await send(owner, 'DELETE', path)).status).toBe(204);
    await comesTo(401);
    expect((await send(owner, 'GET', `/api/v1/users/${person.id}`)).status).toBe(404);
  });
});
