import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { internalRoutes, serviceCaller, type Caller } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import {
  admitServices,
  bindRoute,
  createApp,
  createServiceClient,
  createServiceTokens,
  listen,
  type HttpServer,
  type Service,
  type ServiceClient,
} from '@aion/http';
import { createLogger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { startTracing, withSpan, type Tracing } from '@aion/tracing';
import { freePort, waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { loadAiEngineConfig } from '../src/config.ts';
import { createAiEngine } from '../src/create-ai-engine.ts';

const SECRET = 'a secret of at least thirty-two characters';
const logger = createLogger({ service: 'test', level: 'error', format: 'json' });

type Upstream = (req: IncomingMessage, body: string, res: ServerResponse) => void | Promise<void>;

/** Generations that were written to the fake database-gateway. */
class Rows {
  readonly opened = new Map<string, { provider: string; model: string; stream: boolean; tenant_id: string }>();
  readonly settled = new Map<string, Record<string, unknown>>();
  available = true;
  /** Delays the response to the opening of a generation. */
  gate: Promise<unknown> = Promise.resolve();
  /** Number of generations in each batch. */
  readonly batches: number[] = [];
}

const tracing: Tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
const rows = new Rows();
let metrics: Metrics;
let gateway: HttpServer;
let provider: Server;
let upstream: Upstream = (_req, _body, res) => void res.writeHead(500).end();
const upstreamCalls: { headers: IncomingMessage['headers']; body: string }[] = [];
let upstreamClosed = 0;
let engine: Service;
let client: ServiceClient;
let enginePort: number;

beforeAll(async () => {
  const admit = admitServices(createServiceTokens({ secret: SECRET, service: 'database-gateway' }));
  const routes = [
    bindRoute(internalRoutes.ping.databaseGateway, () => Promise.resolve({ service: 'database-gateway' })),
    bindRoute(internalRoutes.generations.open, async ({ params, body }) => {
      if (!rows.available) throw new UnavailableError('The database is unreachable.');
      await rows.gate;
      rows.opened.set(params.generation_id, body);
      return undefined;
    }),
    bindRoute(internalRoutes.generations.settle, async ({ params, body }) => {
      if (!rows.available) throw new UnavailableError('The database is unreachable.');
      rows.settled.set(params.generation_id, body);
      return undefined;
    }),
    bindRoute(internalRoutes.generations.writeBatch, ({ body: { opened, settled } }) => {
      if (!rows.available) throw new UnavailableError('The database is unreachable.');
      for (const { generation_id: id, ...row } of opened) rows.opened.set(id, row);
      for (const { generation_id: id, ...row } of settled) rows.settled.set(id, row);
      rows.batches.push(opened.length + settled.length);
      return Promise.resolve({ opened: opened.map(() => null), settled: settled.map(() => null) });
    }),
  ];
  const peerMetrics = createMetrics({ service: 'peer', version: '0', enabled: false });
  const app = createApp({ routes, admit, logger, metrics: peerMetrics });
  gateway = await listen(app, { host: '127.0.0.1', port: 0, name: 'peer', variable: 'PORT' });
  provider = createServer((req, res) => {
    void handleUpstream(req, res);
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  enginePort = await freePort();
  const config = loadAiEngineConfig({
    PORT: String(enginePort),
    AION_ADMIN_PORT: '0',
    AION_SERVICE_TOKEN_SECRET: SECRET,
    AION_DATABASE_GATEWAY_URL: `http://127.0.0.1:${gateway.port}`,
    AION_MODELS_DIR: '/nonexistent',
    OPENAI_BASE_URL: `http://127.0.0.1:${portOf(provider)}/v1`,
    OPENAI_API_KEY: 'sk-upstream',
    AION_REQUEST_TIMEOUT_MS: '2000',
    AION_MODEL_PRICES: '{"up-1":{"input":1,"output":2},"default":{"input":10,"output":30}}',
  });
  metrics = createMetrics({ service: 'ai-engine', version: '0', enabled: true });
  engine = createAiEngine(config, { logger, metrics, tracing });
  await engine.start();
  const tokens = createServiceTokens({ secret: SECRET, service: 'web-api' });
  client = createServiceClient({
    baseUrl: `http://127.0.0.1:${enginePort}`,
    audience: 'ai-engine',
    tokens,
    metrics: peerMetrics,
  });
});

afterAll(async () => {
  await client.close();
  await engine.stop();
  await gateway.close(0);
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
  await tracing.shutdown();
});

afterEach(async () => {
  // Settlements of failures are written after the response: none may be counted in the next test.
  const isSettled = (): boolean => [...rows.opened.keys()].every((id) => rows.settled.has(id));
  await waitFor(isSettled, { timeoutMs: 5_000, describe: 'every opened generation to be settled' });
});

beforeEach(() => {
  rows.opened.clear();
  rows.settled.clear();
  rows.available = true;
  upstreamCalls.length = 0;
  upstreamClosed = 0;
});

async function handleUpstream(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = Buffer.concat(await req.toArray()).toString('utf8');
  if (req.url === '/v1/models') {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ object: 'list', data: [{ id: 'up-1', object: 'model', created: 1, owned_by: 'x' }] }));
    return;
  }
  upstreamCalls.push({ headers: req.headers, body });
  res.once('close', () => {
    upstreamClosed += 1;
  });
  await upstream(req, body, res);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const tenantId = uuidv7();
const caller: Caller = { ...serviceCaller('web-api', tenantId), actor_id: uuidv7() };
const messages = [{ role: 'user' as const, content: 'What colour is the sky? The sky is blue. Grass is green.' }];

function chat(model: string, extra: Record<string, unknown> = {}, signal?: AbortSignal) {
  const body = { model, messages, ...extra };
  return client.stream(internalRoutes.inference.runChatCompletion, {
    body,
    caller,
    ...(signal === undefined ? {} : { signal }),
  });
}
async function textOf(response: { body: AsyncIterable<Uint8Array> }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
const json = (res: ServerResponse, status: number, body: unknown, more: Record<string, string> = {}): void => {
  res.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body));
};
const COMPLETION = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'up-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Blue.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 },
};
const event = (data: unknown): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const delta = (content: string): string => event({ choices: [{ index: 0, delta: { content } }] });
async function settledRow(): Promise<Record<string, unknown>> {
  await waitFor(() => rows.settled.size === 1, { timeoutMs: 5_000, describe: 'one settlement' });
  return [...rows.settled.values()][0] ?? {};
}

describe('ai-engine', () => {
  it('answers with the embedded model and settles its usage', async () => {
    const response = await chat('embedded/extractive');
    expect(response.headers['x-aion-provider']).toBe('embedded');
    expect(JSON.parse(await textOf(response))).toMatchObject({ object: 'chat.completion' });
    expect([...rows.opened.values()]).toMatchObject([{ provider: 'embedded', tenant_id: tenantId, stream: false }]);
    expect(await settledRow()).toMatchObject({ status: 'succeeded', usage_source: 'provider', cost_micro_usd: 0 });
  });

  it('forwards the response of a provider byte for byte and settles its cost', async () => {
    upstream = (_req, _body, res) => json(res, 200, COMPLETION);
    const response = await chat('up-1');
    expect(await textOf(response)).toBe(JSON.stringify(COMPLETION));
    expect(await settledRow()).toMatchObject({
      prompt_tokens: 1_000,
      completion_tokens: 10,
      cost_micro_usd: 1_020,
      response: { text: 'Blue.', finish_reason: 'stop' },
    });
  });

  it('writes the generations of concurrent requests in batches, each with its own values', async () => {
    upstream = (_req, body, res) => {
      const { user } = JSON.parse(body) as { user: string };
      const usage = { ...COMPLETION.usage, completion_tokens: Number(user) };
      json(res, 200, { ...COMPLETION, usage });
    };
    const gate = Promise.withResolvers<undefined>();
    rows.gate = gate.promise;
    const answers = Array.from({ length: 60 }, async (_, user) => textOf(await chat('up-1', { user: String(user) })));
    await waitFor(() => upstreamCalls.length === 60, {
      describe: 'every provider call while the openings are delayed',
    });
    gate.resolve(undefined);
    await Promise.all(answers);
    expect(rows.opened.size).toBe(60);
    for (const [id, row] of rows.opened) {
      const { user } = (row as unknown as { request: { user: string } }).request; // not typed by the contract
      expect(rows.settled.get(id)).toMatchObject({ status: 'succeeded', completion_tokens: Number(user) });
    }
    expect(rows.batches.some((size) => size > 1)).toBe(true);
  });

  it('routes an unlisted model to the provider in its prefix', async () => {
    upstream = (_req, _body, res) => json(res, 200, COMPLETION);
    await textOf(await chat('openai/hidden-model'));
    expect(JSON.parse(upstreamCalls[0]?.body ?? '')).toMatchObject({ model: 'hidden-model' });
    const { body } = await metrics.exposition();
    expect(body).toContain('ai_inference_requests_total{provider="openai",model="other",input_type="text"} 1');
    expect(body).not.toContain('hidden-model');
  });

  it('requests usage on streams, and removes it for a caller that did not request it', async () => {
    upstream = (_req, _body, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end(delta('Blue') + event({ choices: [], usage: COMPLETION.usage }) + event('[DONE]'));
    };
    const text = await textOf(await chat('up-1', { stream: true }));
    expect(text).toBe(delta('Blue') + event('[DONE]'));
    expect(JSON.parse(upstreamCalls[0]?.body ?? '')).toMatchObject({ stream_options: { include_usage: true } });
    expect(await settledRow()).toMatchObject({ usage_source: 'provider', prompt_tokens: 1_000 });
  });

  it('sends the end of a stream only after its generation is settled', async () => {
    upstream = (_req, _body, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end(delta('Blue') + event('[DONE]'));
    };
    let settledBefore = -1;
    const { body } = await chat('up-1', { stream: true });
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (Buffer.from(chunk).toString('utf8').includes('[DONE]')) settledBefore = rows.settled.size;
    }
    expect(settledBefore).toBe(1);
  });

  it('sends the trace context upstream and nothing else of its context', async () => {
    upstream = (_req, _body, res) => json(res, 200, COMPLETION);
    await withSpan('client', {}, async (span) => {
      await textOf(await chat('up-1'));
      expect(upstreamCalls[0]?.headers['traceparent']).toContain(span.spanContext().traceId);
    });
    expect(upstreamCalls[0]?.headers['baggage']).toBeUndefined();
    expect(upstreamCalls[0]?.headers['authorization']).toBe('Bearer sk-upstream');
    expect(JSON.stringify(upstreamCalls[0]?.headers)).not.toContain(tenantId);
  });

  it('lists the models of every provider', async () => {
    const { data } = await client.call(internalRoutes.inference.listModels, {});
    expect(data.map((model) => model.id)).toEqual(['embedded/extractive', 'up-1']);
  });
});

describe('ai-engine when a client disconnects', () => {
  it('cancels the provider call and bills the output so far', async () => {
    upstream = async (_req, _body, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let i = 0; i < 1_000 && !res.destroyed; i += 1) {
        res.write(delta('word '));
        await sleep(10);
      }
      res.end();
    };
    const { body } = await chat('up-1', { stream: true });
    for await (const _chunk of body) break;
    expect(await settledRow()).toMatchObject({
      status: 'cancelled',
      error_type: 'caller_cancelled',
      usage_source: 'estimated',
    });
    expect((await settledRow())['completion_tokens']).toBeGreaterThan(0);
    await waitFor(() => upstreamClosed === 1, {
      timeoutMs: 2_000,
      describe: 'the upstream call to be cancelled',
    });
  });

  it('cancels the provider call when the response has not begun', async () => {
    upstream = () => undefined;
    const controller = new AbortController();
    const pending = chat('up-1', {}, controller.signal);
    await waitFor(() => upstreamCalls.length === 1, { timeoutMs: 2_000, describe: 'the upstream call' });
    controller.abort();
    await expect(pending).rejects.toThrow();
    await waitFor(() => upstreamClosed === 1, {
      timeoutMs: 2_000,
      describe: 'the upstream call to be cancelled',
    });
    expect(await settledRow()).toMatchObject({ status: 'cancelled' });
  });
});

describe('ai-engine when a provider fails', () => {
  it('retries, then rejects with PROVIDER_FAILED', async () => {
    upstream = (_req, _body, res) => json(res, 500, { error: { message: 'boom' } });
    await expect(chat('up-1')).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    expect(upstreamCalls).toHaveLength(3);
    expect(await settledRow()).toMatchObject({ status: 'failed', error_type: 'provider_error', cost_micro_usd: 0 });
  });

  it('distinguishes an unreachable provider from one that fails', async () => {
    upstream = (_req, _body, res) => void res.destroy();
    await expect(chat('up-1')).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    expect(upstreamCalls).toHaveLength(3);
    expect(await settledRow()).toMatchObject({ status: 'failed', error_type: 'provider_unreachable' });
  });

  it('hides a failure from the caller when a retry succeeds', async () => {
    upstream = (_req, _body, res) =>
      upstreamCalls.length === 1 ? json(res, 429, {}, { 'retry-after': '0' }) : json(res, 200, COMPLETION);
    expect(await textOf(await chat('up-1'))).toBe(JSON.stringify(COMPLETION));
    expect(rows.opened.size).toBe(1);
  });

  it('rejects the request as invalid when the provider does', async () => {
    upstream = (_req, _body, res) => json(res, 400, { error: { message: 'max_tokens is too large' } });
    await expect(chat('up-1')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('max_tokens is too large'),
    });
    expect(upstreamCalls).toHaveLength(1);
  });

  it('never responds with 401 when the provider rejects AION’s credentials', async () => {
    upstream = (_req, _body, res) => json(res, 401, { error: { message: 'bad key sk-upstream' } });
    const rejected = chat('up-1');
    await expect(rejected).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    await expect(rejected).rejects.not.toMatchObject({ message: expect.stringContaining('sk-upstream') });
  });

  it('aborts the response when the provider aborts its stream', async () => {
    upstream = async (_req, _body, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(delta('Blue'));
      await sleep(50);
      res.destroy();
    };
    const response = await chat('up-1', { stream: true });
    await expect(textOf(response)).rejects.toThrow();
    expect(await settledRow()).toMatchObject({ status: 'failed', error_type: 'provider_stream_broken' });
  });

  it('cancels a provider that hangs at the deadline and rejects with DEADLINE_EXCEEDED', async () => {
    upstream = () => undefined;
    await expect(chat('up-1')).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const row = await settledRow();
    expect(row).toMatchObject({ error_type: 'provider_timeout', usage_source: 'estimated' });
    // The provider may have processed the prompt: unknown spend is never treated as zero.
    expect(row['cost_micro_usd']).toBeGreaterThan(0);
    await waitFor(() => upstreamClosed === 1, {
      timeoutMs: 2_000,
      describe: 'the upstream call to be cancelled',
    });
  });
});

describe('ai-engine when a request cannot be processed', () => {
  it('rejects an unknown model and names existing ones', async () => {
    const rejected = chat('gpt-unknown');
    await expect(rejected).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', param: 'model' });
    await expect(rejected).rejects.toThrow('embedded/extractive');
    expect(rows.opened.size).toBe(0);
  });

  it('rejects with UNAVAILABLE and drops the response when the generation cannot be opened', async () => {
    upstream = (_req, _body, res) => json(res, 200, COMPLETION);
    rows.available = false;
    const rejected = expect(chat('up-1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await sleep(300);
    rows.available = true;
    await rejected;
    expect(rows.opened.size).toBe(0);
  });
});
