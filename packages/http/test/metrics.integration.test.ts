import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { defineRoute, INTERNAL_ROUTES, internalRoute, PUBLIC_ROUTES } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics, parseExposition, type Metrics } from '@aion/metrics';
import { startTracing } from '@aion/tracing';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { request } from 'undici';
import { z } from 'zod';
import {
  bindRoute,
  createAdminServer,
  createApp,
  createServiceClient,
  createServiceTokens,
  listen,
  type HttpServer,
} from '../src/index.ts';
import { currentTraceId } from '../src/current-trace-id.ts';
import { startHttpSeries } from '../src/start-http-series.ts';
import { toDurationStatus } from '../src/to-duration-status.ts';

const echo = defineRoute({
  name: 'echo',
  service: 'web-api',
  method: 'POST',
  path: '/echo/{name}',
  summary: 's',
  description: 'd',
  auth: { kind: 'none' },
  params: z.object({ name: z.string() }),
  body: z.object({ text: z.string() }),
  response: { status: 200, description: 'd', json: z.object({ text: z.string() }) },
  errors: ['CONFLICT'],
  idempotent: true,
});
const logger = createLogger({ service: 'test', level: 'error', format: 'json' });
const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
const open: HttpServer[] = [];
/** Time until the response to `slow`. */
const SLOW_MS = 30;

afterEach(async () => {
  for (const server of open.splice(0)) await server.close(0);
});
afterAll(() => tracing.shutdown());

async function serve(metrics: Metrics): Promise<number> {
  const app = createApp({
    routes: [
      bindRoute(echo, async ({ body }) => {
        if (body.text === 'slow') await sleep(SLOW_MS);
        return body;
      }),
    ],
    admit: async () => ({
      identity: { kind: 'anonymous' },
      parent: ROOT_CONTEXT,
      links: [],
      correlationId: undefined,
    }),
    logger,
    metrics,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT', metrics });
  open.push(server);
  return server.port;
}

const create = (enabled = true): Metrics =>
  createMetrics({ service: 'web-api', version: '0', enabled, currentTraceId });

async function readSamples(metrics: Metrics) {
  return parseExposition((await metrics.exposition()).body).samples;
}

async function readValue(metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}) {
  const series = (await readSamples(metrics)).filter((sample) => sample.name === name);
  return series.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    ?.value;
}

/** Sends raw requests on one connection and waits until the server has closed it. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let response = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (response += chunk));
  socket.write(text, 'latin1');
  await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject));
  return response;
}

describe('HTTP metrics of a service', () => {
  it('start at zero before the first request', async () => {
    const metrics = create();
    await serve(metrics);
    for (const status of ['200', '400', '409', '413', '499', '500', '503', '504']) {
      const labels = { method: 'POST', path: '/echo/{name}', status };
      expect([status, await readValue(metrics, 'http_requests_total', labels)]).toEqual([status, 0]);
    }
    expect(await readValue(metrics, 'http_request_duration_seconds_count', { status: '200' })).toBe(0);
    expect(await readValue(metrics, 'http_active_connections')).toBe(0);
  });

  it('measure the bytes received and sent, and the open connections', async () => {
    const metrics = create();
    const port = await serve(metrics);
    const body = JSON.stringify({ text: 'x'.repeat(5_000) });
    const response = await request(`http://127.0.0.1:${port}/echo/a`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await response.body.dump();
    const labels = { method: 'POST', path: '/echo/{name}' };
    expect(await readValue(metrics, 'http_request_size_bytes_sum', labels)).toBe(body.length);
    const sent = await readValue(metrics, 'http_response_size_bytes_sum', labels);
    expect(sent).toBeGreaterThan(body.length);
    expect(sent).toBeLessThan(body.length + 1_000);
    expect(await readValue(metrics, 'http_active_connections')).toBe(1);
    const { body: openMetrics } = await metrics.exposition('openmetrics');
    expect(openMetrics).toMatch(
      /^http_request_duration_seconds_bucket\{.*status="200"\} 1 # \{trace_id="[0-9a-f]{32}"\}/m,
    );
  });

  it('measure durations in seconds, at the server and at the client', async () => {
    const metrics = create();
    const baseUrl = `http://127.0.0.1:${await serve(metrics)}`;
    const tokens = createServiceTokens({ secret: 's'.repeat(32), service: 'ai-engine' });
    const client = createServiceClient({ baseUrl, audience: 'web-api', tokens, metrics });
    const startedAt = performance.now();
    await client.call(echo, { params: { name: 'a' }, body: { text: 'slow' } });
    await client.close();
    const elapsedSeconds = (performance.now() - startedAt) / 1_000;
    for (const name of ['http_request_duration_seconds', 'http_client_request_duration_seconds']) {
      const seconds = await readValue(metrics, `${name}_sum`, { path: '/echo/{name}', status: '200' });
      // The clock of the server has millisecond resolution.
      expect(seconds).toBeGreaterThan(SLOW_MS / 1_000 - 0.005);
      expect(seconds).toBeLessThan(elapsedSeconds + 0.005);
    }
  });

  it('have as many series after 10 000 hostile requests as after one of each kind', async () => {
    const metrics = create();
    const port = await serve(metrics);
    const hostile = (i: number): string =>
      [
        `GET /${randomBytes(6).toString('hex')}/${i}?q=${i} HTTP/1.1\r\nHost: h${i}\r\nUser-Agent: ua-${i}\r\n\r\n`,
        `PROPFIND /echo/${i} HTTP/1.1\r\nHost: a\r\nX-Correlation-Id: c-${i}\r\n\r\n`,
        `POST /echo/%ff${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTraceparent: 00-${i}\r\n\r\n`,
        `DELETE /echo/a${i} HTTP/1.1\r\nHost: a\r\nX-Aion-Timeout-Ms: ${i}x\r\n\r\n`,
      ][i % 4] ?? '';
    const last = 'GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const send = (from: number, count: number): Promise<string> =>
      sendRaw(port, Array.from({ length: count }, (_, i) => hostile(from + i)).join('') + last);
    await send(0, 4);
    // The client library adds kinds of garbage collection when they first occur.
    const readOwnSamples = async () =>
      (await readSamples(metrics)).filter(({ name }) => !/^(nodejs|process)_/.test(name));
    const before = (await readOwnSamples()).length;
    for (let from = 0; from < 10_000; from += 500) await send(from, 500);
    const after = await readOwnSamples();
    expect(after.length).toBe(before);
    const counted = after.filter(({ name }) => name === 'http_requests_total');
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(10_000 + 4 + 21);
    expect(counted.filter(({ labels }) => labels['method'] === 'OTHER').length).toBeGreaterThan(0);
  }, 60_000);

  it('start with fewer than 2 500 series per service, and stay below 10 000 when each route has had every response', async () => {
    const declared = [...PUBLIC_ROUTES, ...INTERNAL_ROUTES];
    const managed = declared.filter(({ path }) => path.startsWith('/api/v1/')).map((route) => internalRoute(route));
    const routes = [...declared, ...managed.filter(({ name }) => !declared.some((route) => route.name === name))];
    for (const service of ['web-api', 'ai-engine', 'database-gateway'] as const) {
      const metrics = createMetrics({ service, version: '0', enabled: true });
      startHttpSeries(
        metrics,
        routes.filter((route) => route.service === service),
      );
      const started = await readSamples(metrics);
      expect([service, started.length < 2_500]).toEqual([service, true]);
      for (const { labels } of started.filter(({ name }) => name === 'http_requests_total')) {
        const { method = '', path = '' } = labels;
        const status = toDurationStatus(labels['status'] ?? '');
        metrics.histogram('http_request_duration_seconds').zero({ method, path, status });
        metrics.histogram('http_response_size_bytes').zero({ method, path });
        metrics.histogram('http_request_size_bytes').zero({ method, path });
      }
      expect([service, (await readSamples(metrics)).length < 10_000]).toEqual([service, true]);
    }
  });
});

describe('metrics endpoint', () => {
  async function startAdmin(metrics: Metrics): Promise<{ url: string; stop: () => Promise<void> }> {
    const free = await listen((_req, res) => res.end(), {
      host: '127.0.0.1',
      port: 0,
      name: 'free',
      variable: 'PORT',
    });
    await free.close(0);
    const { port } = free;
    const server = createAdminServer({
      service: 'web-api',
      host: '127.0.0.1',
      port,
      logger,
      metrics,
      tracing,
      checks: {},
    });
    await server.start();
    return { url: `http://127.0.0.1:${port}/metrics`, stop: () => server.stop() };
  }

  it('responds in the requested format, compressed when the scraper accepts that', async () => {
    const { url, stop } = await startAdmin(create());
    try {
      const plain = await request(url);
      expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(parseExposition(await plain.body.text()).samples.length).toBeGreaterThan(50);
      const compressed = await request(url, {
        headers: { accept: 'application/openmetrics-text;version=1.0.0', 'accept-encoding': 'gzip' },
      });
      expect(compressed.headers['content-type']).toMatch(/^application\/openmetrics-text/);
      expect(compressed.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(Buffer.from(await compressed.body.arrayBuffer())).toString()).toMatch(/# EOF\n$/);
    } finally {
      await stop();
    }
  });

  it('responds with 404 when metrics are disabled', async () => {
    const { url, stop } = await startAdmin(create(false));
    try {
      const response = await request(url);
      expect(response.statusCode).toBe(404);
      await response.body.dump();
    } finally {
      await stop();
    }
  });
});
