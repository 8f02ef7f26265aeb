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
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Creates a tenant with the key of an owner, a member, and a key of the member with all scopes. */
async function createPeople() {
  const asOperator = { baseUrl: platform.baseUrl, key: platform.operatorKey, signal };
  const tenant = await callRoute(routes.tenants.create, { ...asOperator, body: { name: 'People' } });
  const params = { tenant_id: tenant.id };
  const keyOptions = { name: 'key', scopes: [...SCOPES] };
  const { key: owner } = await callRoute(routes.apiKeys.create, { ...asOperator, params, body: keyOptions });
  const person = await callRoute(routes.users.create, {
    ...asOperator,
    key: owner,
    body: { email: 'ada@example.com', name: 'Ada', role: 'member' },
  });
  const { key } = await callRoute(routes.apiKeys.create, {
    ...asOperator,
    params,
    body: { ...keyOptions, user_id: person.id },
  });
  return { owner, person, key };
}

describe('the API key of a user', () => {
  it('follows changes of the role within a second and is rejected once the user is removed', async () => {
    const { owner, person, key } = await createPeople();
    const path = `/api/v1/memberships/${person.membership_id}`;
    const waitForStatus = (status: number) =>
      // web-api caches a key for at most one second, as the tests of the key cache assert.
      waitFor(async () => (await send(key, 'GET', '/api/v1/users')).status === status, {
        describe: `the list of users to respond with ${status}`,
        intervalMs: 50,
      });
    expect((await send(key, 'GET', '/api/v1/projects')).status).toBe(200);
    const forbidden = await send(key, 'GET', '/api/v1/users');
    expect([forbidden.status, await forbidden.text()]).toEqual([403, expect.stringContaining('members:read')]);

    const before = await send(owner, 'GET', path);
    const promoted = await send(owner, 'PATCH', path, { role: 'admin' });
    expect(promoted.status).toBe(200);
    expect(promoted.headers.get('etag')).not.toBe(before.headers.get('etag'));
    await waitForStatus(200);
    expect((await send(key, 'PATCH', path, { role: 'owner' })).status).toBe(403);

    expect((await send(owner, 'DELETE', path)).status).toBe(204);
    await waitForStatus(401);
    expect((await send(owner, 'GET', `/api/v1/users/${person.id}`)).status).toBe(404);
  });
});
