import { routes } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { readAnswer } from './support/read-answer.ts';
import { DOWNLOAD_SECRET, OPERATOR_KEY, PEPPER, startEdge, type Edge } from './support/start-edge.ts';

const CALLER_TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER_SPAN = 'b7ad6b7169203331';
const TRACEPARENT = `00-${CALLER_TRACE}-${CALLER_SPAN}-01`;
const CHAT = { model: 'peer/model', messages: [{ role: 'user', content: 'canary-prompt-text' }] };
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const traceOf = (answer: Response) => answer.headers.get('traceresponse')?.split('-')[1] ?? '';

async function serverSpan(traceId: string, path: string) {
  return waitFor(() => edge.spans(traceId).find(({ kind, name }) => kind === 'server' && name.endsWith(path)), {
    describe: `the span of ${path}`,
  });
}

function chat(key: string, headers: Record<string, string> = {}): Promise<Response> {
  return edge.request('/v1/chat/completions', { method: 'POST', key, body: JSON.stringify(CHAT), headers });
}

describe('the trace of a request', () => {
  it('starts at the edge, with a link to the span of the caller', async () => {
    const { key } = edge.addKey(['inference']);
    const answer = await chat(key, { traceparent: TRACEPARENT });
    expect(traceOf(answer)).not.toBe(CALLER_TRACE);
    const span = await serverSpan(traceOf(answer), ' /v1/chat/completions');
    expect(span.parentSpanId).toBeUndefined();
    expect(span.links).toEqual([{ traceId: CALLER_TRACE, spanId: CALLER_SPAN }]);
    expect(edge.aiEngine.seen.at(-1)?.traceparent).toContain(traceOf(answer));
  });

  it('continues that of the caller when the key has the scope trace', async () => {
    const { key } = edge.addKey(['inference', 'trace']);
    const answer = await chat(key, { traceparent: TRACEPARENT });
    expect(traceOf(answer)).toBe(CALLER_TRACE);
    const span = await serverSpan(CALLER_TRACE, ' /v1/chat/completions');
    expect(span.parentSpanId).toBe(CALLER_SPAN);
    expect(span.links).toEqual([]);
  });

  it('contains the span of the peer that handled it', async () => {
    const { key } = edge.addKey(['inference']);
    const traceId = traceOf(await chat(key));
    const peer = await serverSpan(traceId, ' /internal/chat/completions');
    const edgeSpan = await serverSpan(traceId, ' /v1/chat/completions');
    const client = edge.spans(traceId).find(({ spanId }) => spanId === peer.parentSpanId);
    expect(client).toMatchObject({ kind: 'client', parentSpanId: edgeSpan.spanId });
  });

  it('does not contain the lookup of the key, which is a separate trace', async () => {
    const { key } = edge.addKey(['inference']);
    const traceIds = [traceOf(await chat(key)), traceOf(await chat(key))];
    for (const traceId of traceIds) {
      await serverSpan(traceId, ' /v1/chat/completions');
      expect(edge.spans(traceId).map(({ name }) => name)).not.toContain('GET /internal/api-keys/{prefix}');
    }
  });

  it('ignores ids of tenants in baggage', async () => {
    const { key, stored } = edge.addKey(['inference', 'trace']);
    const baggage = 'aion.tenant_id=canary-foreign,aion.correlation_id=canary-baggage';
    const answer = await chat(key, { traceparent: TRACEPARENT, baggage });
    expect(answer.headers.get('x-correlation-id')).not.toBe('canary-baggage');
    await waitFor(() => edge.logs().includes(stored.tenant_id), { describe: "the tenant's log line" });
    expect(edge.logs()).not.toContain('canary-foreign');
    expect(edge.logs()).not.toContain('canary-baggage');
  });
});

describe('the correlation id', () => {
  it('is taken from the caller when it is valid, and reaches the peers', async () => {
    const { key } = edge.addKey(['inference']);
    const answer = await chat(key, { 'x-correlation-id': 'order-4711' });
    expect(answer.headers.get('x-correlation-id')).toBe('order-4711');
    const lines = await waitFor(
      () => {
        const found = edge
          .logs()
          .split('\n')
          .filter((line) => line.includes('"correlation_id":"order-4711"'));
        // web-api, ai-engine, and database-gateway for the lookup of the key.
        return found.length >= 3 && found;
      },
      { describe: 'a line of each service' },
    );
    expect(lines.join('\n')).toContain('/internal/api-keys/{prefix}');
    expect(lines.join('\n')).toContain('/internal/chat/completions');
  });

  it.each(['with space', 'x'.repeat(65), '"; drop'])('is generated in place of the invalid id %j', async (sent) => {
    const answer = await edge.request('/openapi.json', { headers: { 'x-correlation-id': sent } });
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('secrets', () => {
  it('appear in no log line, span or metric, whether a request succeeds or fails', async () => {
    const { key, stored } = edge.addKey(['inference', 'exports:read', 'exports:write']);
    const wrong = edge.addKey(['inference'], { key_hash: 'ab'.repeat(32) });
    const answers = [await chat(key), await chat(wrong.key), await chat(`${key}x`), await chat('canary-malformed-key')];
    const tenant = await edge.request('/api/v1/tenants', { method: 'POST', key: OPERATOR_KEY, body: '{"name":"n"}' });
    const created = await edge.request(
      `/api/v1/tenants/${(await readAnswer(routes.tenants.create, tenant)).id}/api-keys`,
      {
        method: 'POST',
        key: OPERATOR_KEY,
        body: '{"name":"n","scopes":["inference"]}',
      },
    );
    const { key: newKey } = await readAnswer(routes.apiKeys.create, created);
    const body = JSON.stringify({ recipient: RECIPIENT });
    const requested = await edge.request('/api/v1/exports', { method: 'POST', key, body });
    const { id } = await readAnswer(routes.exports.create, requested);
    edge.database.bundles.set(id, { finished_at: '2026-01-31T12:00:00.000Z', files: [] });
    const linked = await edge.request(`/api/v1/exports/${id}/download-links`, { method: 'POST', key });
    const { archive } = await readAnswer(routes.exports.createDownloadLinks, linked);
    const signature = new URL(archive.url).searchParams.get('signature') ?? '';
    answers.push(
      await fetch(archive.url),
      await fetch(`${archive.url}x`),
      await fetch(archive.url, { method: 'POST' }),
    );
    for (const answer of answers) await answer.arrayBuffer();
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 401, 200, 403, 405]);

    const traceIds = [...answers, tenant, created, linked].map(traceOf);
    await Promise.all(traceIds.map((traceId) => waitFor(() => edge.spans(traceId).length > 0, { describe: 'spans' })));
    const telemetry = edge.logs() + JSON.stringify(traceIds.flatMap(edge.spans)) + (await edge.exposition());
    expect(telemetry).toContain('/v1/chat/completions');
    const secrets = {
      key,
      secret: key.slice(-38),
      hash: stored.key_hash,
      wrong: wrong.key.slice(-38),
      malformed: 'canary-malformed-key',
      newKey: newKey.slice(-38),
      OPERATOR_KEY,
      PEPPER,
      DOWNLOAD_SECRET,
      signature,
      prompt: 'canary-prompt-text',
    };
    expect(Object.entries(secrets).filter(([, secret]) => secret.length > 10 && telemetry.includes(secret))).toEqual(
      [],
    );
    expect(signature).toHaveLength(43);
  });
});
