import { defineRoute } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { startTracing, withSpan, type SpanRecord, type Tracing } from '@aion/tracing';
import { z } from 'zod';
import {
  admitServices,
  bindRoute,
  createApp,
  createServiceClient,
  createServiceTokens,
  listen,
  type HttpServer,
  type ServiceClient,
} from '../src/index.ts';

const SECRET = 'a secret of at least thirty-two characters';
const base = { service: 'ai-engine', summary: 's', description: 'd', auth: { kind: 'service' }, errors: [] } as const;
const show = defineRoute({
  ...base,
  name: 'show',
  method: 'GET',
  path: '/internal/things/{id}',
  params: z.object({ id: z.string() }),
  query: z.object({ q: z.string().optional() }),
  response: { status: 200, description: 'd', json: z.object({ id: z.string() }) },
  idempotent: false,
});
const metrics = createMetrics({ service: 'test', version: '0', enabled: false });
const logger = createLogger({ service: 'test', level: 'error', format: 'json' });

let tracing: Tracing | undefined;
let server: HttpServer;
let client: ServiceClient;
let url: string;

beforeAll(async () => {
  const admit = admitServices(createServiceTokens({ secret: SECRET, service: 'ai-engine' }));
  const route = bindRoute(show, ({ params }) => {
    if (params.id === 'broken') throw new Error('broken');
    return Promise.resolve({ id: params.id });
  });
  const app = createApp({ routes: [route], admit, logger, metrics });
  server = await listen(app, { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' });
  url = `http://127.0.0.1:${server.port}`;
  const tokens = createServiceTokens({ secret: SECRET, service: 'web-api' });
  client = createServiceClient({ baseUrl: url, audience: 'ai-engine', tokens, metrics });
});

afterEach(async () => {
  await tracing?.shutdown();
  tracing = undefined;
});

afterAll(async () => {
  await client.close();
  await server.close(0);
});

const start = (sampleRatio: number): Tracing =>
  (tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio }));

/** Waits until a trace has `count` spans: the span of a server ends after its response has arrived. */
async function waitForSpans(traceId: string, count: number): Promise<readonly SpanRecord[]> {
  const deadline = Date.now() + 4_000;
  for (;;) {
    const spans = tracing?.store?.get(traceId) ?? [];
    if (spans.length >= count) return spans;
    if (Date.now() > deadline) throw new Error(`The trace has ${spans.length} spans instead of ${count}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function callAndFindSpans(id: string): Promise<Record<'client' | 'server', SpanRecord | undefined>> {
  start(1);
  const traceId = await withSpan('test', {}, async (span) => {
    await client.call(show, { params: { id }, query: { q: 'hidden' } }).catch((error: unknown) => error);
    return span.spanContext().traceId;
  });
  const spans = await waitForSpans(traceId, 3);
  const findKind = (kind: SpanRecord['kind']) => spans.find((span) => span.kind === kind);
  return { client: findKind('client'), server: findKind('server') };
}

describe('spans of a request', () => {
  it('have the path template as name and the attributes of the conventions, without the query', async () => {
    const spans = await callAndFindSpans('7');
    expect(spans.server).toMatchObject({ name: 'GET /internal/things/{id}', status: 'unset' });
    expect(spans.server?.parentSpanId).toBe(spans.client?.spanId);
    expect(spans.server?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/internal/things/{id}',
      'url.path': '/internal/things/7',
      'http.response.status_code': 200,
    });
    expect(spans.client).toMatchObject({ name: 'GET /internal/things/{id}', status: 'unset' });
    expect(spans.client?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/internal/things/{id}',
      'peer.service': 'ai-engine',
      'server.address': '127.0.0.1',
      'server.port': server.port,
      'http.response.status_code': 200,
    });
    expect(JSON.stringify(spans)).not.toContain('hidden');
  });

  it('have status error and an error type on both sides when the handler fails', async () => {
    const spans = await callAndFindSpans('broken');
    for (const span of [spans.server, spans.client]) {
      expect(span?.status).toBe('error');
      expect(span?.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': 'INTERNAL' });
    }
  });

  it('have no error status for a 404 at the server, and no path when no route matches', async () => {
    start(1);
    const response = await fetch(`${url}/anything?token=hidden`);
    const [, traceId = ''] = (response.headers.get('traceresponse') ?? '').split('-');
    const [span] = await waitForSpans(traceId, 1);
    expect(span).toMatchObject({ name: 'GET unmatched', status: 'unset' });
    expect(span?.attributes).toEqual({ 'http.request.method': 'GET', 'http.response.status_code': 404 });
  });
});

describe('traceresponse header', () => {
  it.each([
    [1, '01'],
    [0, '00'],
  ])('contains an id and, with sampling ratio %i, the flag %s', async (ratio, flag) => {
    start(ratio);
    const response = await fetch(`${url}/internal/things/7`);
    expect(response.headers.get('traceresponse')).toMatch(new RegExp(`^00-[0-9a-f]{32}-[0-9a-f]{16}-${flag}$`));
  });
});
