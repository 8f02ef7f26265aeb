import { routes, internalRoutes } from '@aion/contracts';
import { createEncryption } from '@aion/encryption';
import { readAnswer, readProblem } from './support/read-answer.ts';
import { OPERATOR_KEY, SEALING_KEY, startEdge, type Edge } from './support/start-edge.ts';

const CANARY = 'canary-provider-credential-0123456789';
const PROVIDER = { name: 'groq', kind: 'openai-compatible', credentials: { api_key: CANARY } };
const ANY_ID = '01890A5D-ac96-774b-bcce-b302099a8057';

let edge: Edge;
const answers: string[] = [];
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

async function send(method: string, path: string, body: unknown, key: string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await edge.request(path, { method, key, headers, body: text });
  answers.push(`${JSON.stringify([...answer.headers])} ${await answer.clone().text()}`);
  return answer;
}
const post = (body: unknown, headers?: Record<string, string>) =>
  send('POST', '/api/v1/providers', body, OPERATOR_KEY, headers);
const patch = (body: unknown) => send('PATCH', `/api/v1/providers/${ANY_ID}`, body, OPERATOR_KEY);
const lastSent = <T>(schema: { parse(value: unknown): T }): T =>
  schema.parse(JSON.parse(edge.database.providerBodies.at(-1) ?? ''));

describe('credentials of a provider', () => {
  it('are encrypted for their row before they leave web-api', async () => {
    const answer = await post(PROVIDER);
    expect(answer.status).toBe(201);
    const { id } = await readAnswer(routes.providers.create, answer);
    const { sealed_credentials: encrypted, ...rest } = lastSent(internalRoutes.providers.store.body!);
    expect(rest).toEqual({ id, name: 'groq', kind: 'openai-compatible', enabled: true });
    const { key_id: keyId = '', bytes = '' } = encrypted ?? {};
    const encryption = createEncryption({ key: SEALING_KEY });
    const decrypted = encryption.decrypt({ keyId, bytes: Buffer.from(bytes, 'base64url') }, `provider_config:${id}`);
    expect(JSON.parse(decrypted)).toEqual({ api_key: CANARY });
  });

  it('are encrypted again when they change, removed by null, and otherwise not sent', async () => {
    await readAnswer(routes.providers.update, await patch({ credentials: { api_key: CANARY } }));
    const { key_id: keyId = '', bytes = '' } =
      lastSent(internalRoutes.providers.storeChange.body!).sealed_credentials ?? {};
    const context = `provider_config:${ANY_ID.toLowerCase()}`;
    const decrypted = createEncryption({ key: SEALING_KEY }).decrypt(
      { keyId, bytes: Buffer.from(bytes, 'base64url') },
      context,
    );
    expect(JSON.parse(decrypted)).toEqual({ api_key: CANARY });
    await patch({ credentials: null });
    expect(lastSent(internalRoutes.providers.storeChange.body!)).toEqual({ sealed_credentials: null });
    await patch({ enabled: false });
    expect(lastSent(internalRoutes.providers.storeChange.body!)).toEqual({ enabled: false });
  });

  it('appear in no response, log line, span, metric or request to another service, whatever fails', async () => {
    const text = JSON.stringify(PROVIDER);
    const attempts = [
      [await post(PROVIDER, { 'idempotency-key': 'k-1' }), 201],
      [await post({ ...PROVIDER, credentials: { api_key: `${CANARY} ` } }), 400],
      [await post({ ...PROVIDER, credentials: { api_key: CANARY, organisation: CANARY } }), 400],
      [await post({ ...PROVIDER, credentials: CANARY }), 400],
      [await post({ ...PROVIDER, credentials: [CANARY] }), 400],
      [await post({ ...PROVIDER, api_key: CANARY }), 400],
      [await post({ ...PROVIDER, base_url: `https://user:${CANARY}@example.com/v1` }), 400],
      [await post(text.slice(0, -2)), 400],
      [await post(text.replace(':"', ':')), 400],
      [await post(text.replace(`${CANARY}"`, CANARY)), 400],
      [await patch({ credentials: { api_key: `${CANARY}\n` } }), 400],
    ] as const;
    expect(attempts.map(([{ status }]) => status)).toEqual(attempts.map(([, status]) => status));
    edge.database.isUnavailable = true;
    expect((await post(PROVIDER)).status).toBe(503);
    edge.database.isUnavailable = false;
    const spans = attempts.flatMap(([{ headers }]) => {
      const [, traceId = ''] = headers.get('traceresponse')?.split('-') ?? [];
      return edge.spans(traceId);
    });
    expect(spans.length).toBeGreaterThan(attempts.length);
    const sources = { answers, logs: edge.logs(), spans, sent: edge.database.providerBodies };
    for (const [name, source] of Object.entries({ ...sources, metrics: await edge.exposition() })) {
      expect([name, JSON.stringify(source).length > 100]).toEqual([name, true]);
      expect([name, JSON.stringify(source).includes('canary-provider')]).toEqual([name, false]);
    }
  });
});

describe('a provider', () => {
  it('belongs to the platform when an operator names no tenant, otherwise to the tenant', async () => {
    const tenantOf = async (key: string, headers = {}) => {
      await send('POST', '/api/v1/providers', PROVIDER, key, headers);
      return edge.database.callers.get('storeProvider')?.tenant_id;
    };
    const { key, stored } = edge.addKey(['providers:write']);
    expect(await tenantOf(OPERATOR_KEY)).toBeNull();
    expect(await tenantOf(OPERATOR_KEY, { 'x-aion-tenant': ANY_ID })).toBe(ANY_ID.toLowerCase());
    expect(await tenantOf(key)).toBe(stored.tenant_id);
    const foreign = await send('POST', '/api/v1/providers', PROVIDER, key, { 'x-aion-tenant': ANY_ID });
    expect(foreign.status).toBe(403);
  });

  it.each([
    'https://api.groq.com/openai/v1',
    'http://localhost:11434',
    'http://10.0.0.7:65535/v1/',
    'http://[::1]:8000/v1',
    'http://[fd00:1::2:3]/v1',
    'http://vllm_1.models.internal/v1;a=b/%20c@d',
  ])('accepts the base URL %s', async (base_url) => {
    expect((await post({ ...PROVIDER, base_url })).status).toBe(201);
    expect(URL.canParse(base_url)).toBe(true);
  });

  it.each([
    '',
    'api.groq.com',
    'ftp://example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '//example.com/v1',
    'https://user@example.com',
    'https://user:password@example.com',
    'https://@example.com',
    'https://example.com/#a',
    'https://example.com/?key=1',
    'https://example.com:0',
    'https://example.com:65536',
    'http://1.2.3.256',
    'http://[:::1]',
    'http://exa mple.com',
    'http://example.com/a b',
    'http://example.com\\@other.com',
    'http://',
    'http://example.com/\u0000',
    'http://ex\u00e4mple.com',
    ' http://example.com',
    'http://example.com\n',
    'HTTP://a.b',
    `https://example.com/${'a'.repeat(2_000)}`,
    'https://example.com/%zz',
  ])('rejects the base URL %j', async (base_url) => {
    const rejected = await post({ ...PROVIDER, base_url });
    expect(rejected.status).toBe(400);
    expect((await readProblem(rejected)).errors?.[0]?.pointer).toBe('/base_url');
  });

  it.each(['', ' ', 'a b', 'x'.repeat(65), 'n\u00e4me', '../x'])('rejects the name %j', async (name) => {
    expect((await post({ ...PROVIDER, name })).status).toBe(400);
  });
});
