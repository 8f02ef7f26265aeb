import { PUBLIC_ROUTES, type Route, routes } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { generateApiKey } from '../src/keys/api-key.ts';
import { readAnswer, readOpenAiError, readProblem } from './support/read-answer.ts';
import { INIT_SECRET, OPERATOR_ID, OPERATOR_KEY, startEdge, type Edge } from './support/start-edge.ts';

const ANY_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const CHAT = { model: 'peer/model', messages: [{ role: 'user', content: 'Hello' }] };
const pathOf = (route: Route) => route.path.replaceAll(/\{\w+\}/g, ANY_ID);

/** Short for tests that wait for the timeout, and long enough for a cold start. */
const REQUEST_TIMEOUT_MS = 2_000;

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ AION_MAX_BODY_BYTES: '20000', AION_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) });
});
afterAll(() => edge.stop());

async function rejectionOf(key: string | undefined): Promise<{ status: number; message: string; code: string | null }> {
  const answer = await edge.request('/v1/models', key === undefined ? {} : { key });
  const { message, code } = await readOpenAiError(answer);
  return { status: answer.status, message, code };
}

describe('an API key', () => {
  it('is required, and a missing one is answered with how to send it', async () => {
    const answer = await edge.request('/v1/models');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await rejectionOf(undefined)).toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      message: expect.stringContaining('Authorization: Bearer aion_sk_'),
    });
  });

  it('is rejected without a lookup when it is malformed', async () => {
    const before = edge.database.calls.get('findApiKey') ?? 0;
    const { key } = edge.addKey(['inference']);
    const mistyped = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
    expect(await rejectionOf(mistyped)).toMatchObject({ status: 401, message: expect.stringContaining('malformed') });
    expect(edge.database.calls.get('findApiKey') ?? 0).toBe(before);
  });

  it('is rejected with the same message when it is unknown, wrong, expired or revoked', async () => {
    const past = new Date(Date.now() - 1_000).toISOString();
    const rejections = [
      await rejectionOf(generateApiKey('sk').key),
      await rejectionOf(edge.addKey(['inference'], { key_hash: 'a'.repeat(64) }).key),
      await rejectionOf(edge.addKey(['inference'], { expires_at: past }).key),
      await rejectionOf(edge.addKey(['inference'], { revoked_at: past }).key),
    ];
    expect(rejections.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(new Set(rejections.map(({ message }) => message)).size).toBe(1);
  });

  it('is accepted only after its use is recorded, and its rejection is recorded also', async () => {
    const fresh = edge.addKey(['inference']);
    edge.database.cannotRecord = true;
    expect((await edge.request('/v1/models', { key: fresh.key })).status).toBe(503);
    edge.database.cannotRecord = false;
    expect((await edge.request('/v1/models', { key: fresh.key })).status).toBe(200);
    const revoked = edge.addKey(['inference'], { revoked_at: new Date().toISOString() });
    expect((await edge.request('/v1/models', { key: revoked.key })).status).toBe(401);
    expect(edge.database.uses.slice(-2)).toEqual([
      { id: fresh.stored.id, accepted: true },
      { id: revoked.stored.id, accepted: false },
    ]);
  });

  it('is rejected soon after it was revoked', async () => {
    const { key, stored } = edge.addKey(['inference']);
    expect((await edge.request('/v1/models', { key })).status).toBe(200);
    edge.database.keys.set(stored.prefix, { ...stored, revoked_at: new Date().toISOString() });
    await waitFor(async () => (await edge.request('/v1/models', { key })).status === 401, {
      describe: 'the revoked key to be rejected',
      timeoutMs: 3_000,
    });
  });

  it('is answered with 503 while keys cannot be looked up', async () => {
    const { key } = edge.addKey(['inference']);
    edge.database.isUnavailable = true;
    const answer = await edge.request('/v1/models', { key });
    edge.database.isUnavailable = false;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect((await edge.request('/v1/models', { key })).status).toBe(200);
  });
});

describe('each public route', () => {
  it.each(PUBLIC_ROUTES.map((route) => [route.name, route] as const))(
    '%s accepts only the identities that its contract allows',
    async (_name, route) => {
      const send = (key?: string) =>
        edge.request(pathOf(route), { method: route.method, ...(key === undefined ? {} : { key }) });
      const { key: bare } = edge.addKey(['trace']);
      if (route.auth.kind === 'none') {
        expect((await send()).status).toBe(200);
        return;
      }
      if (route.auth.kind === 'signed-url') {
        for (const key of [undefined, bare, OPERATOR_KEY]) {
          const rejected = await send(key);
          expect(rejected.status).toBe(403);
          expect((await readProblem(rejected)).detail).toBe('The link has expired or was changed; create a new one.');
        }
        return;
      }
      expect((await send()).status).toBe(401);
      const rejected = await send(bare);
      expect(rejected.status).toBe(403);
      const text = await rejected.text();
      if ('scope' in route.auth) expect(text).toContain(route.auth.scope);
      else expect(text).toMatch(/operator|one-time secret/);
      if (route.auth.kind === 'key' || route.auth.kind === 'init') expect((await send(OPERATOR_KEY)).status).toBe(403);
      if (route.auth.kind !== 'init') expect((await send(INIT_SECRET)).status).toBe(403);
    },
  );
});

describe('web-api', () => {
  it('answers 404 for an unknown route, and 405 with the allowed methods for a wrong one', async () => {
    expect((await edge.request('/api/v1/nothing')).status).toBe(404);
    const rejected = await edge.request('/v1/chat/completions');
    expect(rejected.status).toBe(405);
    expect(rejected.headers.get('allow')).toBe('POST');
  });

  it('names an invalid field in the error shape of OpenAI under /v1', async () => {
    const { key } = edge.addKey(['inference']);
    const body = JSON.stringify({ ...CHAT, messages: [{ role: 'robot', content: 'x' }] });
    const answer = await edge.request('/v1/chat/completions', { method: 'POST', key, body });
    expect(answer.status).toBe(400);
    expect(await readOpenAiError(answer)).toMatchObject({ type: 'invalid_request_error', param: 'messages[0].role' });
  });

  it('names an invalid field as problem details elsewhere', async () => {
    const answer = await edge.request('/api/v1/tenants', { method: 'POST', key: OPERATOR_KEY, body: '{"name":" "}' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'name',
      errors: [{ pointer: '/name' }],
    });
  });

  it('rejects a body above its limit', async () => {
    const { key } = edge.addKey(['inference']);
    const body = JSON.stringify({ ...CHAT, user: 'x'.repeat(20_000) });
    const answer = await edge.request('/v1/chat/completions', { method: 'POST', key, body });
    expect(answer.status).toBe(413);
    expect((await readOpenAiError(answer)).code).toBe('payload_too_large');
  });

  it.each([
    ['missing', 404, 'model_not_found'],
    ['broken', 502, 'provider_failed'],
    ['silent', 504, 'deadline_exceeded'],
  ])('forwards the error of ai-engine for the model "%s": %i', async (model, status, code) => {
    const { key } = edge.addKey(['inference']);
    const body = JSON.stringify({ ...CHAT, model });
    const answer = await edge.request('/v1/chat/completions', { method: 'POST', key, body });
    expect(answer.status).toBe(status);
    expect((await readOpenAiError(answer)).code).toBe(code);
  });

  it('aborts a stream that exceeds the timeout of a request, and cancels it at ai-engine', async () => {
    const { key } = edge.addKey(['inference']);
    const before = edge.aiEngine.cancelled;
    const body = JSON.stringify({ ...CHAT, model: 'pausing', stream: true });
    const answer = await edge.request('/v1/chat/completions', { method: 'POST', key, body });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await waitFor(() => edge.aiEngine.cancelled > before, { describe: 'the cancellation' });
  });

  it('limits calls to other services to the timeout of the request', async () => {
    await edge.request('/v1/models', { key: edge.addKey(['inference']).key });
    expect(edge.aiEngine.listTimeoutMs).toBeGreaterThan(0);
    expect(edge.aiEngine.listTimeoutMs).toBeLessThanOrEqual(REQUEST_TIMEOUT_MS);
  });

  it('serves its OpenAPI document with security headers to anyone', async () => {
    const answer = await edge.request('/openapi.json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-powered-by')).toBeNull();
    const { info, paths = {} } = await readAnswer(routes.meta.getOpenApi, answer);
    expect(info).toMatchObject({ version: '1.2.3' });
    expect(Object.keys(paths as object).toSorted()).toEqual(
      [...new Set(PUBLIC_ROUTES.map(({ path }) => path))].toSorted(),
    );
  });
});

describe('operator routes', () => {
  it('create a tenant and a working key whose secret is not stored', async () => {
    const post = async (path: string, body: object) => {
      const answer = await edge.request(path, { method: 'POST', key: OPERATOR_KEY, body: JSON.stringify(body) });
      expect(answer.status).toBe(201);
      return answer;
    };
    const tenant = await readAnswer(routes.tenants.create, await post('/api/v1/tenants', { name: 'Acme' }));
    const answer = await post(`/api/v1/tenants/${tenant.id}/api-keys`, {
      name: 'first',
      scopes: ['inference', 'inference'],
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const created = await readAnswer(routes.apiKeys.create, answer);
    expect(created).toMatchObject({ tenant_id: tenant.id, scopes: ['inference'], expires_at: null });
    expect(tenant.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await edge.request('/v1/models', { key: created.key })).status).toBe(200);
    expect(JSON.stringify([...edge.database.keys.values()])).not.toContain(created.key.slice(-38));
  });

  it('reject a key with an expiry in the past, and one for an unknown tenant', async () => {
    const send = (body: object) =>
      edge.request(`/api/v1/tenants/${ANY_ID}/api-keys`, {
        method: 'POST',
        key: OPERATOR_KEY,
        body: JSON.stringify({ name: 'k', scopes: ['inference'], ...body }),
      });
    const expired = await send({ expires_at: '2020-01-01T00:00:00.000Z' });
    expect(expired.status).toBe(400);
    expect((await readProblem(expired)).param).toBe('expires_at');
    expect((await send({})).status).toBe(404);
  });
});

describe('a request of the management API', () => {
  const create = (headers: Record<string, string>, key = OPERATOR_KEY) =>
    edge.request('/api/v1/tenants', { method: 'POST', key, headers, body: JSON.stringify({ name: 'Acme' }) });

  it('sends its actor and tenant to database-gateway', async () => {
    expect((await create({})).headers.get('etag')).toBe('"1"');
    expect(edge.database.callers.get('createTenant')).toEqual({
      tenant_id: null,
      actor: `operator:${OPERATOR_ID}`,
      actor_id: OPERATOR_ID,
      person_id: OPERATOR_ID,
      scopes: null,
    });
    const { key, stored } = edge.addKey(['keys:write']);
    const body = JSON.stringify({ name: 'k', scopes: ['inference'] });
    await edge.request('/api/v1/api-keys', { method: 'POST', key, body });
    expect(edge.database.callers.get('storeApiKey')).toEqual({
      tenant_id: stored.tenant_id,
      actor: `api_key:${stored.id}`,
      actor_id: stored.id,
      person_id: null,
      scopes: ['keys:write'],
    });
  });

  it('sends its Idempotency-Key with a hash of its content', async () => {
    const hashOf = async (name: string) => {
      const body = JSON.stringify({ name });
      const headers = { 'idempotency-key': 'k-1' };
      await edge.request('/api/v1/tenants', { method: 'POST', key: OPERATOR_KEY, headers, body });
      const { idempotency } = edge.database.callers.get('createTenant') ?? {};
      expect(idempotency?.key).toBe('k-1');
      return idempotency?.request_sha256;
    };
    expect(await hashOf('one')).toBe(await hashOf('one'));
    expect(await hashOf('one')).not.toBe(await hashOf('two'));
  });

  it.each([
    ['idempotency-key', 'two words'],
    ['idempotency-key', 'x'.repeat(256)],
    ['x-aion-tenant', 'not an id'],
  ])('is rejected with a malformed %s', async (header, value) => {
    const rejected = await create({ [header]: value });
    expect(rejected.status).toBe(400);
    expect((await readProblem(rejected)).param?.toLowerCase()).toBe(header);
  });

  it('must name a tenant when an operator sends it, and no other tenant when a key does', async () => {
    const rejected = await edge.request('/api/v1/api-keys', { key: OPERATOR_KEY });
    expect(rejected.status).toBe(400);
    expect((await readProblem(rejected)).detail).toContain('x-aion-tenant');
    const { key, stored } = edge.addKey(['keys:read', 'tenant:read']);
    const headers = { 'x-aion-tenant': ANY_ID };
    expect((await edge.request('/api/v1/api-keys', { key, headers })).status).toBe(403);
    expect((await edge.request(`/api/v1/tenants/${ANY_ID}`, { key })).status).toBe(404);
    // Its own tenant is accepted; the request then fails because the peer does not implement the route.
    const own = { 'x-aion-tenant': stored.tenant_id };
    expect((await edge.request('/api/v1/api-keys', { key, headers: own })).status).not.toBe(403);
  });

  it('is rejected when the path and the header name different tenants', async () => {
    const path = `/api/v1/tenants/${ANY_ID}/api-keys`;
    const body = JSON.stringify({ name: 'k', scopes: ['inference'] });
    const send = (tenant: string) =>
      edge.request(path, { method: 'POST', key: OPERATOR_KEY, body, headers: { 'x-aion-tenant': tenant } });
    const rejected = await send(ANY_ID.replace(/^0/, '1'));
    expect(rejected.status).toBe(400);
    expect(await readProblem(rejected)).toMatchObject({ param: 'x-aion-tenant' });
    // The request is admitted and reaches the peer, which does not know the tenant.
    expect((await send(ANY_ID.toUpperCase())).status).toBe(404);
  });

  it.each([
    ['that is not an ETag', 'x', 400],
    ['of another form, which matches nothing', 'W/"x"', 412],
  ])('is rejected with an If-Match %s', async (_name, header, status) => {
    const { key } = edge.addKey(['keys:write']);
    const rejected = await edge.request(`/api/v1/api-keys/${ANY_ID}`, {
      method: 'DELETE',
      key,
      headers: { 'if-match': header },
    });
    expect(rejected.status).toBe(status);
    expect((await readProblem(rejected)).param).toBe('If-Match');
  });
});
