import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@aion/testkit';
import type { Platform } from '../src/platform/start-platform.ts';
import { createAccess } from './support/create-access.ts';
import { startTestPlatform } from './support/test-platform.ts';

const directory = mkdtempSync(join(tmpdir(), 'aion-management-'));
let platform: Platform;
/** Keys of two tenants that may do everything with keys and read their trail. */
let owner: string;
let stranger: string;

beforeAll(async () => {
  platform = await startTestPlatform({ stateDir: join(directory, 'state'), env: process.env });
  [owner, stranger] = await Promise.all([createManager(), createManager()]);
}, 90_000);
afterAll(async () => {
  await platform.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

interface Answer {
  readonly status: number;
  // What the routes answer is checked field by field below.
  readonly body: Record<string, unknown> & { readonly data?: Record<string, unknown>[]; readonly next_cursor?: string };
}

async function call(key: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${platform.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
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

describe('the keys of a tenant', () => {
  it('are created, found, used, and refused once they are revoked', async () => {
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
    // A key is remembered for a second at most: the key directory's own tests hold it to that.
    await waitFor(async () => (await call(key, 'GET', '/v1/models')).status === 401, {
      describe: 'the key to be refused',
      intervalMs: 50,
    });
    expect((await call(owner, 'DELETE', path)).status).toBe(200);
  });

  it('are listed in pages that stay where they are while keys are added', async () => {
    for (const name of ['one', 'two', 'three']) await create(name);
    const first = await call(owner, 'GET', '/api/v1/api-keys?limit=2');
    expect(first.body.data?.map(({ name }) => name)).toEqual(['three', 'two']);
    await create('four');
    const next = await call(owner, 'GET', `/api/v1/api-keys?limit=1&cursor=${String(first.body.next_cursor)}`);
    expect(next.body.data?.map(({ name }) => name)).toEqual(['one']);
    const all = await call(owner, 'GET', '/api/v1/api-keys?limit=100');
    expect(all.body.next_cursor).toBeNull();
  });

  it('never may do more than the key that creates them', async () => {
    const { status, body } = await create('Too much', ['inference', 'exports:write', 'trace']);
    expect(status).toBe(403);
    expect(body['detail']).toBe('This key lacks "exports:write", "trace", so it cannot give it to another key.');
  });

  it("are not found by another tenant's key", async () => {
    const { body } = await create('Private');
    const path = `/api/v1/api-keys/${String(body['id'])}`;
    for (const method of ['GET', 'DELETE']) expect((await call(stranger, method, path)).status).toBe(404);
    expect((await call(owner, 'GET', path)).body['revoked_at']).toBeNull();
    const listed = await call(stranger, 'GET', '/api/v1/api-keys?limit=100');
    expect(listed.body.data?.map(({ name }) => name).toSorted()).toEqual(['m', 'test']);
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
  ])('refuse %s %s and name what is wrong', async (method, path, body, field) => {
    const answer = await call(owner, method, path, body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(field);
  });
});

describe('the audit trail', () => {
  it('tells a tenant what was done to it, and by whom, newest first', async () => {
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

  it('is not for keys without its scope', async () => {
    const { key } = await createAccess(platform);
    for (const path of ['/api/v1/audit-events', '/api/v1/api-keys']) {
      expect((await call(key, 'GET', path)).status).toBe(403);
    }
  });
});
