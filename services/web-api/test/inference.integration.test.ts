import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import { waitFor } from '@aion/testkit';
import OpenAI from 'openai';
import { FLOOD_CHUNK_BYTES, FLOOD_CHUNKS } from './support/ai-engine-peer.ts';
import { readOpenAiError } from './support/read-answer.ts';
import { startEdge, type Edge, type TestKey } from './support/start-edge.ts';

const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];

let edge: Edge;
let tenant: TestKey;
beforeAll(async () => {
  edge = await startEdge();
  tenant = edge.addKey(['inference']);
});
afterAll(() => edge.stop());

const client = () => new OpenAI({ apiKey: tenant.key, baseURL: `${edge.url}/v1`, maxRetries: 0 });

function post(model: string): Promise<Response> {
  const body = JSON.stringify({ model, messages: MESSAGES, stream: true });
  return edge.request('/v1/chat/completions', { method: 'POST', key: tenant.key, body });
}

/** Sends a request whose response is read only when the test reads it. */
async function openSlowReader(model: string): Promise<IncomingMessage> {
  const outgoing = httpRequest(`${edge.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
  });
  outgoing.end(JSON.stringify({ model, messages: MESSAGES, stream: true }));
  const answered: unknown[] = await once(outgoing, 'response');
  return answered[0] as IncomingMessage; // the event's only argument
}

describe('the official OpenAI client', () => {
  it('receives a completion', async () => {
    const completion = await client().chat.completions.create({ model: 'peer/model', messages: MESSAGES });
    expect(completion.choices[0]?.message.content).toBe('Hello world');
    expect(completion.usage?.total_tokens).toBe(3);
  });

  it('receives a stream', async () => {
    const stream = await client().chat.completions.create({ model: 'peer/model', messages: MESSAGES, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello world');
  });

  it('lists the available models', async () => {
    const { data } = await client().models.list();
    expect(data.map(({ id }) => id)).toEqual(['peer/model']);
  });

  it('receives errors that it understands', async () => {
    const attempt = client().chat.completions.create({ model: 'missing', messages: MESSAGES });
    await expect(attempt).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
    await expect(attempt).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe('a completion', () => {
  it('reaches ai-engine as the bytes that were sent, with tenant, key and the remaining time', async () => {
    const body = ` {"model":"peer/model", "messages":[{"role":"user","content":"Hello"}],"unknown":1.10 ,"seed":12345678901234567890}`;
    const answer = await edge.request('/v1/chat/completions', { method: 'POST', key: tenant.key, body });
    expect(answer.status).toBe(200);
    const seen = edge.aiEngine.seen.at(-1);
    expect(seen).toMatchObject({ tenantId: tenant.stored.tenant_id, apiKeyId: tenant.stored.id, rawBody: body });
    // More than the 30 s of a call by default: a model may take longer.
    expect(Number(seen?.timeoutMs)).toBeGreaterThan(100_000);
  });

  it('returns the x-aion headers of ai-engine and no others', async () => {
    const body = JSON.stringify({ model: 'peer/model', messages: MESSAGES });
    const answer = await edge.request('/v1/chat/completions', { method: 'POST', key: tenant.key, body });
    expect(answer.headers.get('x-aion-provider')).toBe('peer');
    expect(answer.headers.get('x-aion-model')).toBe('peer/model');
    expect(answer.headers.get('content-length')).toBe(String((await answer.arrayBuffer()).byteLength));
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  it('is streamed as events that no proxy may buffer', async () => {
    const answer = await post('peer/model');
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(answer.headers.get('cache-control')).toContain('no-cache');
    expect((await answer.text()).endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('is aborted when it fails after its headers, so that it never looks complete', async () => {
    const answer = await post('breaking');
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('is read from ai-engine no faster than the client reads it', async () => {
    edge.aiEngine.floodChunks = 0;
    const answer = await openSlowReader('flood');
    let quiet = 0;
    let last = -1;
    await waitFor(
      () => {
        quiet = edge.aiEngine.floodChunks === last ? quiet + 1 : 0;
        last = edge.aiEngine.floodChunks;
        return last > 0 && quiet >= 15;
      },
      { describe: 'the flood to stop' },
    );
    expect(edge.aiEngine.floodChunks).toBeLessThan(FLOOD_CHUNKS / 2);
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length; // a response yields buffers
    expect(bytes).toBe(FLOOD_CHUNKS * FLOOD_CHUNK_BYTES);
  });

  it.each(['pausing', 'silent'])('is cancelled at ai-engine when its client disconnects: %s', async (model) => {
    const before = edge.aiEngine.cancelled;
    const seen = edge.aiEngine.seen.length;
    const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(edge.url).port) });
    const body = JSON.stringify({ model, messages: MESSAGES, stream: true });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tenant.key}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    await waitFor(() => edge.aiEngine.seen.length > seen && (model === 'silent' || received.includes('first')), {
      describe: 'the completion to be in progress',
    });
    socket.destroy();
    await waitFor(() => edge.aiEngine.cancelled === before + 1, { describe: 'the cancellation', timeoutMs: 3_000 });
    await waitFor(async () => /http_requests_total\{[^}]*status="499"/.test(await edge.exposition()), {
      describe: 'the request to be counted as 499',
    });
  });

  it('is answered with 503 and Retry-After while ai-engine cannot be reached', async () => {
    const other = await startEdge({ AION_AI_ENGINE_URL: 'http://127.0.0.1:1' });
    try {
      const { key } = other.addKey(['inference']);
      const body = JSON.stringify({ model: 'peer/model', messages: MESSAGES });
      const answer = await other.request('/v1/chat/completions', { method: 'POST', key, body });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect((await readOpenAiError(answer)).code).toBe('unavailable');
    } finally {
      await other.stop();
    }
  });
});
