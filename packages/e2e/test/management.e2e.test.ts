import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@aion/testkit';
import { createAccess } from './support/create-access.ts';
import { getSharedPlatform, type SharedPlatform } from './support/shared-platform.ts';

let platform: SharedPlatform;
/** Keys of two tenants that may manage keys and read the audit trail. */
let owner: string;
let stranger: string;

beforeAll(async () => {
  platform = await getSharedPlatform();
  [owner, stranger] = await Promise.all([createManager(), createManager()]);
}, 90_000);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The fields of the responses are asserted below.
  readonly body: Record<string, unknown> & { readonly data?: Record<string, unknown>[]; readonly next_cursor?: string };
}

async function call(
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${platform.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

async function createManager(): Promise<string> {
  const { tenantId } = await createAccess(platform);
  const scopes = ['inference', 'keys:read', 'keys:write', 'audit:read'];
  const { body } = await call(platform.operatorKey, 'POST', `/api/v1/tenants/${tenantId}/api-keys`, {
    name: 'm',
    scopes,
  });
  return String(body['key']);
}

const create = (name: string, scopes: readonly string[] = ['inference']): Promise<Answer> =>
  call(owner, 'POST', '/api/v1/api-keys', { name, scopes });

describe('API keys of a tenant', () => {
  it('are created, read and used, and are rejected once they are revoked', async () => {
    const { status, body } = await create('App');
    expect(status).toBe(201);
    const key = String(body['key']);
    const path = `/api/v1/api-keys/${String(body['id'])}`;
    expect((await call(key, 'GET', '/v1/models')).status).toBe(200);
    expect((await call(owner, 'GET', path)).body).toMatchObject({
      name: 'App',
      scopes: ['inference'],
      revoked_at: null,
    });
    expect(JSON.stringify((await call(owner, 'GET', path)).body)).not.toContain(key);

    expect((await call(owner, 'DELETE', path)).body['revoked_at']).toMatch(/^20/);
    // web-api caches a key for at most one second, as the tests of the key cache assert.
    await waitFor(async () => (await call(key, 'GET', '/v1/models')).status === 401, {
      describe: 'the key to be rejected',
      intervalMs: 50,
    });
    expect((await call(owner, 'DELETE', path)).status).toBe(200);
  });

  it('are listed in pages that do not shift when keys are added', async () => {
    for (const name of ['one', 'two', 'three']) await create(name);
    const first = await call(owner, 'GET', '/api/v1/api-keys?limit=2');
    expect(first.body.data?.map(({ name }) => name)).toEqual(['three', 'two']);
    await create('four');
    const next = await call(owner, 'GET', `/api/v1/api-keys?limit=1&cursor=${String(first.body.next_cursor)}`);
    expect(next.body.data?.map(({ name }) => name)).toEqual(['one']);
    const all = await call(owner, 'GET', '/api/v1/api-keys?limit=100');
    expect(all.body.next_cursor).toBeNull();
  });

  it('cannot be created with scopes that the creating key lacks', async () => {
    const { status, body } = await create('Too much', ['inference', 'exports:write', 'trace']);
    expect(status).toBe(403);
    expect(body['detail']).toBe('You lack "exports:write", "trace", so you cannot give it to another key.');
  });

  it('are created once per Idempotency-Key, and a repeated request returns the same secret', async () => {
    const headers = { 'idempotency-key': 'deploy-42' };
    const send = (name: string) => call(owner, 'POST', '/api/v1/api-keys', { name, scopes: ['inference'] }, headers);
    const [first, second] = [await send('Once'), await send('Once')];
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    expect((await call(String(second.body['key']), 'GET', '/v1/models')).status).toBe(200);
    expect(await send('Other')).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    // The same key sent by another tenant is a different request.
    const theirs = await call(stranger, 'POST', '/api/v1/api-keys', { name: 'Once', scopes: ['inference'] }, headers);
    expect(theirs.body['id']).not.toBe(first.body['id']);
  });

  it('are updated with the current ETag and not with an outdated one', async () => {
    const created = await create('Versioned');
    const path = `/api/v1/api-keys/${String(created.body['id'])}`;
    const change = (name: string, tag: string | null) =>
      call(owner, 'PATCH', path, { name }, { 'if-match': tag ?? '' });
    const tag = created.headers.get('etag');
    const changed = await change('Renamed', tag);
    expect(changed).toMatchObject({ status: 200, body: { name: 'Renamed' } });
    expect(changed.headers.get('etag')).not.toBe(tag);
    expect(await change('Lost', tag)).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
    expect((await call(owner, 'GET', path)).headers.get('etag')).toBe(changed.headers.get('etag'));
  });

  it('are not visible to the key of another tenant', async () => {
    const { body } = await create('Private');
    const path = `/api/v1/api-keys/${String(body['id'])}`;
    for (const method of ['GET', 'DELETE']) expect((await call(stranger, method, path)).status).toBe(404);
    expect((await call(owner, 'GET', path)).body['revoked_at']).toBeNull();
    const listed = await call(stranger, 'GET', '/api/v1/api-keys?limit=100');
    expect(listed.body.data?.map(({ name }) => name).toSorted()).toEqual(['Once', 'm', 'test']);
  });

  it.each([
    ['GET', '/api/v1/api-keys?limit=0', undefined, 'limit'],
    ['GET', '/api/v1/api-keys?cursor=xxx', undefined, 'cursor'],
    ['GET', `/api/v1/api-keys?cursor=${Buffer.from('own-keys:3').toString('base64url')}`, undefined, 'cursor'],
    ['GET', '/api/v1/api-keys/1', undefined, 'key_id'],
    ['GET', '/api/v1/audit-events?action=%27', undefined, 'action'],
    ['POST', '/api/v1/api-keys', { name: ' ', scopes: ['inference'] }, 'name'],
    [
      'POST',
      '/api/v1/api-keys',
      { name: 'x', scopes: ['inference'], expires_at: '2020-01-01T00:00:00Z' },
      'expires_at',
    ],
  ])('are not served for an invalid %s %s, and the error names the field', async (method, path, body, field) => {
    const answer = await call(owner, method, path, body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(field);
  });
});

describe('the audit trail', () => {
  it('lists the actions in a tenant with their actors, newest first', async () => {
    const { body } = await create('Audited');
    await call(owner, 'DELETE', `/api/v1/api-keys/${String(body['id'])}`);
    const first = await call(owner, 'GET', '/api/v1/audit-events?limit=2');
    expect(first.body.data).toMatchObject([
      {
        action: 'api_key.revoked',
        target_id: body['id'],
        outcome: 'success',
        actor: expect.stringMatching(/^api_key:/),
      },
      { action: 'api_key.created', target_id: body['id'] },
    ]);
    const next = await call(owner, 'GET', `/api/v1/audit-events?limit=100&cursor=${String(first.body.next_cursor)}`);
    const numbers = [...(first.body.data ?? []), ...(next.body.data ?? [])].map(({ seq }) => seq);
    expect(numbers).toEqual(Array.from(numbers, (_, at) => numbers.length - at));
    const theirs = await call(stranger, 'GET', '/api/v1/audit-events?limit=100');
    expect(JSON.stringify(theirs.body)).not.toContain(String(body['id']));
  });

  it('of the platform is returned only to an operator who names no tenant', async () => {
    const ofPlatform = await call(platform.operatorKey, 'GET', '/api/v1/audit-events?action=operator.created');
    expect(ofPlatform.body.data).toMatchObject([{ actor: 'init', target_type: 'platform_operator' }]);
    const ofTenant = await call(owner, 'GET', '/api/v1/audit-events?action=operator.created');
    expect(ofTenant).toMatchObject({ status: 200, body: { data: [] } });
  });

  it('is not returned to keys without its scope', async () => {
    const { key } = await createAccess(platform);
    for (const path of ['/api/v1/audit-events', '/api/v1/api-keys']) {
      expect((await call(key, 'GET', path)).status).toBe(403);
    }
  });
});

describe('the operator', () => {
  it('cannot be created a second time with the one-time secret', async () => {
    const { initSecret } = JSON.parse(readFileSync(join(platform.stateDir, 'secrets.json'), 'utf8')) as {
      readonly initSecret: string;
    };
    const again = await call(initSecret, 'POST', '/api/v1/init', { name: 'Second first' });
    expect(again).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect((await call(initSecret, 'GET', '/api/v1/tenants')).status).toBe(403);
  });

  it('acts for the tenant named in the header and receives 404 if it does not exist', async () => {
    const { tenantId } = await createAccess(platform);
    const named = { 'x-aion-tenant': tenantId };
    const keys = await call(platform.operatorKey, 'GET', '/api/v1/api-keys', undefined, named);
    expect(keys.body.data?.map(({ tenant_id: id }) => id)).toEqual([tenantId]);
    const nobody = { 'x-aion-tenant': '01890a5d-ac96-774b-bcce-b302099a8057' };
    expect((await call(platform.operatorKey, 'GET', '/api/v1/api-keys', undefined, nobody)).status).toBe(404);
  });

  it('makes a tenant read-only, after which its keys can read and export but not write', async () => {
    const { tenantId } = await createAccess(platform);
    const path = `/api/v1/tenants/${tenantId}`;
    const scopes = ['inference', 'keys:read', 'keys:write', 'exports:read'];
    const made = await call(platform.operatorKey, 'POST', `${path}/api-keys`, { name: 'k', scopes });
    const key = String(made.body['key']);
    expect((await call(platform.operatorKey, 'PATCH', path, { state: 'read_only' })).status).toBe(200);
    const write = () => call(key, 'POST', '/api/v1/api-keys', { name: 'x', scopes: ['inference'] });
    await waitFor(async () => (await write()).status === 403, { describe: 'the tenant to be read-only' });
    expect((await write()).body['detail']).toContain('read-only');
    expect((await call(key, 'GET', '/api/v1/api-keys')).status).toBe(200);
    expect((await call(key, 'GET', '/api/v1/exports')).status).toBe(200);
    expect((await call(platform.operatorKey, 'PATCH', path, { state: 'active' })).status).toBe(200);
    await waitFor(async () => (await write()).status === 201, { describe: 'the tenant to be active again' });
  });
});
