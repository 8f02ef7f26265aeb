import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { startTracing, withSpan, type SpanDropReason, type Tracing, type TracingOptions } from '../src/index.ts';

/** Request that a receiver has read completely. */
interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const SECRET = `sk-${'a'.repeat(24)}`;
const LIMITS = { maxQueueSize: 20, maxBatchSize: 5, delayMs: 5, timeoutMs: 200 };

describe('span export', () => {
  const servers: Server[] = [];
  let tracing: Tracing | undefined;
  let drops: Partial<Record<SpanDropReason, number>> = {};

  afterEach(async () => {
    await tracing?.shutdown();
    tracing = undefined;
    drops = {};
    for (const server of servers.splice(0)) await close(server);
  });

  const close = (server: Server): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  const listen = async (onRequest: RequestListener, port = 0): Promise<number> => {
    const server = createServer(onRequest);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    // A server that listens on a TCP port has an address of this type.
    return (server.address() as AddressInfo).port;
  };

  const start = (port: number, overrides: Partial<TracingOptions> = {}): Tracing => {
    tracing = startTracing({
      serviceName: 'test',
      serviceVersion: '1',
      enabled: true,
      sampleRatio: 1,
      otlpEndpoint: `http://127.0.0.1:${port}/`,
      exportLimits: LIMITS,
      onDrop: (reason, count) => {
        drops[reason] = (drops[reason] ?? 0) + count;
      },
      ...overrides,
    });
    return tracing;
  };

  const emit = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await withSpan(`span ${i}`, {}, () => undefined);
  };

  const accept =
    (received: Received[]): RequestListener =>
    (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const raw = Buffer.concat(chunks);
        const body = (req.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
        received.push({ url: req.url, headers: req.headers, body });
        res.setHeader('content-type', 'application/json').end('{}');
      });
    };

  it('delivers spans with their resource and the configured headers', async () => {
    const received: Received[] = [];
    const port = await listen(accept(received));
    const running = start(port, {
      otlpHeaders: { 'x-key': 'k1' },
      resourceAttributes: { 'deployment.environment.name': 'staging', 'service.name': 'other' },
    });
    await emit(3);
    await running.shutdown();
    expect(received[0]).toMatchObject({ url: '/v1/traces', headers: { 'x-key': 'k1' } });
    const body = received.map((request) => request.body).join('');
    for (const text of ['span 0', 'span 1', 'span 2', '"test"', '"staging"']) expect(body).toContain(text);
    expect(body).not.toContain('"other"');
    expect(drops).toEqual({});
  });

  it('sends spans to otlpTracesEndpoint without appending a path', async () => {
    const received: Received[] = [];
    const port = await listen(accept(received));
    const running = start(port, { otlpTracesEndpoint: `http://127.0.0.1:${port}/ingest` });
    await emit(1);
    await running.shutdown();
    expect(received.map(({ url }) => url)).toEqual(['/ingest']);
  });

  it('respects OTEL_EXPORTER_OTLP_COMPRESSION and OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', async () => {
    process.env['OTEL_EXPORTER_OTLP_COMPRESSION'] = 'gzip';
    process.env['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT'] = '1';
    try {
      const received: Received[] = [];
      const port = await listen(accept(received));
      const running = start(port);
      await withSpan('limited', { attributes: { first: 'one', second: 'two' } }, () => undefined);
      await running.shutdown();
      expect(received[0]?.headers['content-encoding']).toBe('gzip');
      expect(received[0]?.body).toContain('"first"');
      expect(received[0]?.body).not.toContain('"second"');
    } finally {
      delete process.env['OTEL_EXPORTER_OTLP_COMPRESSION'];
      delete process.env['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT'];
    }
  });

  it.each([400, 401, 429, 500, 503])('counts spans that a receiver rejects with status %i', async (status) => {
    const port = await listen((req, res) => {
      req.resume();
      res.writeHead(status).end();
    });
    start(port);
    await emit(5);
    await until(() => drops.export_failed === 5);
    expect(drops).toEqual({ export_failed: 5 });
  });

  it('counts spans while the receiver is unreachable, and delivers later spans when it is reachable again', async () => {
    const port = await listen(() => undefined);
    for (const server of servers.splice(0)) await close(server);
    const running = start(port);
    await emit(5);
    await until(() => drops.export_failed === 5);
    const received: Received[] = [];
    await listen(accept(received), port);
    await emit(5);
    await running.shutdown();
    expect(received.map((request) => request.body).join('')).toContain('span 4');
    expect(drops).toEqual({ export_failed: 5 });
  });

  it.each<[string, RequestListener]>([
    ['never responds', () => undefined],
    [
      'never ends its response',
      (req, res) => {
        res.writeHead(200);
        const timer = setInterval(() => res.write(' '), 10);
        req.socket.once('close', () => clearInterval(timer));
      },
    ],
  ])('drops and counts spans without blocking when the receiver %s', async (_name, onRequest) => {
    const port = await listen(onRequest);
    const running = start(port);
    await emit(100);
    expect(drops.queue_full).toBe(100 - LIMITS.maxQueueSize - LIMITS.maxBatchSize);
    await until(() => (drops.export_failed ?? 0) >= LIMITS.maxBatchSize);
    await running.shutdown();
    expect(Object.values(drops).reduce((sum, count) => sum + count, 0)).toBe(100);
  });

  it('redacts exceptions, attributes and status', async () => {
    const received: Received[] = [];
    const port = await listen(accept(received));
    const running = start(port, { redactText: (text) => text.replaceAll(/sk-a+/g, '[redacted]') });
    const failing = withSpan('leak', { attributes: { 'url.path': `/x/${SECRET}`, keys: [SECRET] } }, () => {
      throw Object.assign(new Error(`refused ${SECRET}`), { code: `CODE ${SECRET}` });
    });
    await expect(failing).rejects.toThrow(SECRET);
    await running.shutdown();
    const body = received.map((request) => request.body).join('');
    expect(body).toContain('refused [redacted]');
    expect(body).toContain('exception.stacktrace');
    expect(body).not.toContain(SECRET);
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 4_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('The condition did not become true within 4 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
