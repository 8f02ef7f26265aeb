import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineRoute, type ServiceName } from '@aion/contracts';
import {
  ConflictError,
  IdempotencyKeyReusedError,
  InvalidRequestError,
  NotFoundError,
  PermissionDeniedError,
  toAionError,
  UnavailableError,
} from '@aion/errors';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { activeIds, activeSpanIds, runWithIds, startTracing, withSpan, type Tracing } from '@aion/tracing';
import { Writable } from 'node:stream';
import { z } from 'zod';
import {
  admitServices,
  bindRoute,
  createApp,
  createServiceClient,
  readCorrelationId,
  CORRELATION_HEADER,
  createServiceTokens,
  listen,
  remainingMs,
  streamReply,
  type BoundRoute,
  type HttpServer,
  type ServiceClient,
} from '../src/index.ts';

const base = { service: 'ai-engine', summary: 's', description: 'd', auth: { kind: 'service' }, errors: [] } as const;
const echo = defineRoute({
  ...base,
  name: 'echo',
  method: 'POST',
  path: '/internal/echo/{name}',
  params: z.object({ name: z.string().max(10) }),
  query: z.object({ times: z.coerce.number().int().max(3).default(1) }),
  body: z.object({ text: z.string(), nested: z.array(z.strictObject({ n: z.number() })).optional() }),
  response: { status: 200, description: 'd', json: z.object({ text: z.string() }) },
  idempotent: true,
});
const probe = defineRoute({
  ...base,
  name: 'probe',
  method: 'GET',
  path: '/internal/probe',
  response: { status: 200, description: 'd', json: z.looseObject({}) },
  idempotent: true,
});
const stream = defineRoute({
  ...base,
  name: 'stream',
  method: 'GET',
  path: '/internal/stream',
  response: { status: 200, description: 'd', stream: 'application/x-ndjson' },
  idempotent: true,
});

const SECRET = 'a secret of at least thirty-two characters';
const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
const logLines: Record<string, unknown>[] = [];
const logger = createLogger({
  service: 'test',
  level: 'info',
  format: 'json',
  stream: new Writable({
    write(chunk: Buffer, _encoding, done) {
      logLines.push(z.looseObject({}).parse(JSON.parse(chunk.toString())));
      done();
    },
  }),
});

let tracing: Tracing;
const cleanups: (() => Promise<unknown>)[] = [];
beforeAll(() => {
  tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => tracing.shutdown());

async function serve(
  routes: BoundRoute[],
  options: { timeoutMs?: number; maxBodyBytes?: number; issuedFor?: ServiceName; secret?: string } = {},
): Promise<{ server: HttpServer; client: ServiceClient; url: string }> {
  const { issuedFor = 'ai-engine', secret = SECRET, ...appOptions } = options;
  const admit = admitServices(createServiceTokens({ secret: SECRET, service: 'ai-engine' }));
  const app = createApp({ routes, admit, logger, metrics, ...appOptions });
  const server = await listen(app, { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' });
  const url = `http://127.0.0.1:${server.port}`;
  const tokens = createServiceTokens({ secret, service: 'web-api' });
  const client = createServiceClient({ baseUrl: url, audience: issuedFor, tokens, metrics });
  cleanups.push(
    () => server.close(0),
    () => client.close(),
  );
  return { server, client, url };
}

const boundEcho = bindRoute(echo, async ({ params, query, body }) => ({
  text: `${params.name}:${body.text.repeat(query.times)}`,
}));

async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400 && !(await condition()); i += 1) await sleep(5);
  expect(await condition()).toBe(true);
}

async function readRequestCounts(path: string): Promise<string> {
  const { body } = await metrics.exposition();
  return body
    .split('\n')
    .filter((line) => line.startsWith('http_requests_total') && line.includes(`path="${path}"`))
    .join('\n');
}

describe('bound route', () => {
  it('receives a validated request and sends its result', async () => {
    const { client } = await serve([boundEcho]);
    const input = { params: { name: 'a/b' }, query: { times: 2 }, body: { text: 'x' } };
    await expect(client.call(echo, input)).resolves.toEqual({ text: 'a/b:xx' });
  });

  it('rejects invalid fields with the name of the first and a list of all', async () => {
    const { client } = await serve([boundEcho]);
    // The types of the contract forbid this body, but a caller may not use them.
    const body = { text: 5, nested: [{ n: 1 }, { n: 'two' }] } as unknown as { text: string };
    const rejected = client.call(echo, { params: { name: 'a' }, body });
    await expect(rejected).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'text',
      fields: [{ pointer: '/text' }, { pointer: '/nested/1/n' }],
    });
  });

  it('names an unknown field separately', async () => {
    const { client } = await serve([boundEcho]);
    const body = { text: '', nested: [{ n: 1, 'a/b': 2 }] };
    await expect(client.call(echo, { params: { name: 'a' }, body })).rejects.toMatchObject({
      param: 'nested[0].a/b',
      fields: [{ pointer: '/nested/0/a~1b', detail: 'Unknown field' }],
    });
  });

  it.each([
    [new InvalidRequestError('wrong', { param: 'text' }), '/text'],
    [new PermissionDeniedError('not granted', { param: 'text' }), '/text'],
    [new NotFoundError('not found', { param: 'text' }), '/text'],
    [new ConflictError('taken', { param: 'text' }), '/text'],
    [new IdempotencyKeyReusedError('another one', { param: 'text' }), '/text'],
    [new ConflictError('listed', { param: 'text', fields: [{ pointer: '/nested/0', detail: 'd' }] }), '/nested/0'],
    [new ConflictError('in the path', { param: 'name' }), undefined],
    [new ConflictError('in a header', { param: 'If-Match' }), undefined],
    [new ConflictError('not a field', { param: 'toString' }), undefined],
    [new UnavailableError('not caused by a field', { param: 'text' }), undefined],
  ])('adds a JSON Pointer when an error names a field of the body: %s', async (error, pointer) => {
    const { client } = await serve([bindRoute(echo, () => Promise.reject(error))]);
    const rejected = await client
      .call(echo, { params: { name: 'a' }, body: { text: '' } })
      .then(() => undefined, toAionError);
    expect(rejected).toMatchObject({ code: error.code, message: error.message, param: error.param });
    expect(rejected?.fields.map((field) => field.pointer)).toEqual(pointer === undefined ? [] : [pointer]);
  });

  it.each([
    ['', 'is empty'],
    ['{"text": ', 'is not valid JSON'],
  ])('rejects the body %j with a message that states the reason', async (raw, message) => {
    const { client } = await serve([boundEcho]);
    const rejected = client.call(echo, { params: { name: 'a' }, rawBody: Buffer.from(raw) });
    await expect(rejected).rejects.toThrow(message);
  });

  it('rejects a body above the limit with 413', async () => {
    const { client } = await serve([boundEcho], { maxBodyBytes: 1_000 });
    const rejected = client.call(echo, { params: { name: 'a' }, body: { text: 'x'.repeat(2_000) } });
    await expect(rejected).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('rejects a body before it is sent when its content length is above the limit', async () => {
    const { url, client } = await serve([boundEcho], { maxBodyBytes: 1_000 });
    await client.call(echo, { params: { name: 'a' }, body: { text: '' } });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const token = await createServiceTokens({ secret: SECRET, service: 'web-api' }).issue('ai-engine');
    socket.write(
      `POST /internal/echo/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 1001\r\n\r\n{`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(head.toString()).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('responds with 405 and the supported methods to another method, and with 404 to an unknown path', async () => {
    const { url } = await serve([boundEcho]);
    const wrongMethod = await fetch(`${url}/internal/echo/a`);
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST']);
    const missing = await fetch(`${url}/internal/none`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
    expect((await fetch(`${url}/%ff`)).status).toBe(404);
  });
});

describe('deprecated route', () => {
  it('announces its deprecation and removal on every response, including errors', async () => {
    const route = defineRoute({
      ...echo,
      deprecation: { since: '2026-01-01T00:00:00Z', sunset: '2026-07-01T12:00:00Z', link: 'https://example.com/next' },
    });
    const { url, client } = await serve([bindRoute(route, async () => ({ text: '' }))]);
    await client.call(route, { params: { name: 'a' }, body: { text: '' } });
    const rejected = await fetch(`${url}/internal/echo/a`, { method: 'POST' });
    expect(rejected.status).toBe(401);
    expect(Object.fromEntries(rejected.headers)).toMatchObject({
      deprecation: '@1767225600',
      sunset: 'Wed, 01 Jul 2026 12:00:00 GMT',
      link: '<https://example.com/next>; rel="deprecation"',
    });
  });

  it('is the only kind of route that announces a deprecation', async () => {
    const { url } = await serve([boundEcho]);
    const response = await fetch(`${url}/internal/echo/a`, { method: 'POST' });
    expect(response.headers.has('deprecation') || response.headers.has('sunset')).toBe(false);
  });
});

describe('service token', () => {
  const call = (client: ServiceClient): Promise<unknown> =>
    client.call(echo, { params: { name: 'a' }, body: { text: '' } });

  it('is rejected when it is for another service or signed with another secret', async () => {
    const other = await serve([boundEcho], { issuedFor: 'database-gateway' });
    await expect(call(other.client)).rejects.toMatchObject({ code: 'INVALID_API_KEY' });
    const forged = await serve([boundEcho], { secret: 'another secret of thirty-two characters' });
    await expect(call(forged.client)).rejects.toMatchObject({ code: 'INVALID_API_KEY' });
  });

  it('is required', async () => {
    const { url } = await serve([boundEcho]);
    const response = await fetch(`${url}/internal/echo/a`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
  });
});

describe('request context', () => {
  it('propagates trace, ids and remaining time to the called service', async () => {
    const { client } = await serve([
      bindRoute(probe, async () => ({ ...activeIds(), ...activeSpanIds(), remaining: remainingMs() })),
    ]);
    await runWithIds({ correlationId: 'corr-7', tenantId: 'tenant-7', requestId: 'outer' }, () =>
      withSpan('outer', {}, async (span) => {
        const seen = await client.call(probe, { timeoutMs: 5_000 });
        expect(seen).toMatchObject({
          correlationId: 'corr-7',
          tenantId: 'tenant-7',
          traceId: span.spanContext().traceId,
        });
        expect(seen['requestId']).not.toBe('outer');
        expect(seen['remaining']).toBeLessThanOrEqual(5_000);
      }),
    );
  });

  it('is contained in the access log line of the request', async () => {
    const { client } = await serve([boundEcho]);
    logLines.length = 0;
    await runWithIds({ correlationId: 'corr-8' }, () =>
      client.call(echo, { params: { name: 'a' }, body: { text: '' } }),
    );
    await waitUntil(() => logLines.length > 0);
    expect(logLines[0]).toMatchObject({
      message: 'Request handled',
      correlation_id: 'corr-8',
      fields: { status: 200 },
    });
    expect(logLines[0]).toHaveProperty('trace_id');
  });
});

describe('value that looks like a secret', () => {
  it.each(['sk-abcdefghijklmnopqrst', '4111111111111111'])('is not used as a correlation id: %s', (sent) => {
    // The function reads only the headers of a request.
    const req = { headers: { [CORRELATION_HEADER]: sent } } as unknown as Parameters<typeof readCorrelationId>[0];
    expect(readCorrelationId(req)).not.toBe(sent);
  });

  it('is not echoed from a percent-encoded path', async () => {
    const { url } = await serve([boundEcho]);
    const text = await (await fetch(`${url}/internal/none/jane.doe%40example.org`)).text();
    expect(text).toContain('[redacted');
    expect(text).not.toContain('jane');
  });
});

describe('failed call', () => {
  it('rejects with the domain error of the called service', async () => {
    const { client } = await serve([
      bindRoute(probe, async () => {
        throw new ConflictError('another worker holds it', { retryAfterSeconds: 3 });
      }),
    ]);
    const failed = client.call(probe, {});
    await expect(failed).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'another worker holds it',
      retryAfterSeconds: 3,
    });
  });

  it('with an unexpected error reports the cause in the log but not to the caller', async () => {
    const { client } = await serve([
      bindRoute(probe, async () => {
        throw new Error('relation "tenants" does not exist');
      }),
    ]);
    logLines.length = 0;
    const failed = client.call(probe, {}).catch((error: unknown) => error);
    expect(String(await failed)).not.toContain('tenants');
    await waitUntil(() => logLines.some((line) => JSON.stringify(line).includes('does not exist')));
  });

  it('rejects with UNAVAILABLE after retries of an idempotent route when no server listens', async () => {
    const { server, client } = await serve([boundEcho]);
    await server.close(0);
    cleanups.length = 0;
    cleanups.push(() => client.close());
    await expect(client.call(probe, {})).rejects.toBeInstanceOf(UnavailableError);
  });

  it('rejects with DEADLINE_EXCEEDED when the deadline passes, and aborts the signal of the handler', async () => {
    let reason: unknown;
    const { client } = await serve(
      [
        bindRoute(probe, async ({ signal }) => {
          await sleep(5_000, undefined, { signal }).catch(() => undefined);
          reason = signal.reason;
          throw new InvalidRequestError('never seen');
        }),
      ],
      { timeoutMs: 50 },
    );
    await expect(client.call(probe, {})).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});

describe('slow sender', () => {
  it('receives a response at the deadline, before its body has arrived', async () => {
    const { server } = await serve([boundEcho], { timeoutMs: 100 });
    logLines.length = 0;
    const token = await createServiceTokens({ secret: SECRET, service: 'web-api' }).issue('ai-engine');
    const socket = connect(server.port, '127.0.0.1');
    const response = socket.setEncoding('utf8').toArray();
    socket.write(
      `POST /internal/echo/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 99\r\n\r\n{`,
    );
    await waitUntil(() => logLines.some((line) => JSON.stringify(line).includes('"status":504')));
    socket.end();
    expect((await response).join('')).toContain('504');
  });
});

describe('streamed response', () => {
  it('arrives completely', async () => {
    const { client } = await serve([
      bindRoute(stream, async () =>
        streamReply({
          contentType: 'application/x-ndjson',
          body: (async function* () {
            for (let i = 0; i < 3; i += 1) yield Buffer.from(`${i}\n`);
          })(),
        }),
      ),
    ]);
    const { body, contentType } = await client.stream(stream, {});
    expect(contentType).toBe('application/x-ndjson');
    expect((await body.toArray()).join('')).toBe('0\n1\n2\n');
  });

  it('fails at the client and counts as an error when its source throws', async () => {
    const { client } = await serve([
      bindRoute(stream, async () =>
        streamReply({
          contentType: 'application/x-ndjson',
          body: (async function* () {
            yield Buffer.from('0\n');
            await sleep(1);
            throw new UnavailableError('the database disconnected');
          })(),
        }),
      ),
    ]);
    const { body } = await client.stream(stream, {});
    await expect(body.toArray()).rejects.toThrow();
    await waitUntil(async () => (await readRequestCounts('/internal/stream')).includes('status="503"} 1'));
  });

  it('waits for a slow client, and closes its source when the client disconnects', async () => {
    let produced = 0;
    let isStopped = false;
    const { client } = await serve([
      bindRoute(stream, async () =>
        streamReply({
          contentType: 'application/x-ndjson',
          body: (async function* () {
            try {
              for (; produced < 10_000; produced += 1) yield Buffer.alloc(65_536, 'x');
            } finally {
              isStopped = true;
            }
          })(),
        }),
      ),
    ]);
    const { body } = await client.stream(stream, {});
    await sleep(200);
    expect(produced).toBeLessThan(1_000);
    body.destroy();
    await waitUntil(() => isStopped);
  });

  it('counts as successful when the client disconnects after the terminator', async () => {
    const finish = Promise.withResolvers<undefined>();
    const { client } = await serve([
      bindRoute(stream, async () =>
        streamReply({
          contentType: 'text/event-stream',
          terminator: 'data: [DONE]',
          body: (async function* () {
            yield Buffer.from('data: [DONE]\n\n');
            await finish.promise;
          })(),
        }),
      ),
    ]);
    const successes = (await readRequestCounts('/internal/stream')).match(/status="200"} (\d+)/)?.[1] ?? '0';
    const { body } = await client.stream(stream, {});
    for await (const _chunk of body) break;
    await waitUntil(async () =>
      (await readRequestCounts('/internal/stream')).includes(`status="200"} ${Number(successes) + 1}`),
    );
    finish.resolve(undefined);
  });

  it('counts as 499 when the client disconnects before the response', async () => {
    const { server } = await serve([
      bindRoute(probe, async ({ signal }) => {
        await sleep(5_000, undefined, { signal });
        return {};
      }),
    ]);
    const token = await createServiceTokens({ secret: SECRET, service: 'web-api' }).issue('ai-engine');
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`GET /internal/probe HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
    await sleep(50);
    socket.destroy();
    await waitUntil(async () => (await readRequestCounts('/internal/probe')).includes('status="499"} 1'));
  });
});

describe('server that closes', () => {
  it('completes the request in progress and accepts no other', async () => {
    const { server, client, url } = await serve([
      bindRoute(probe, async () => {
        await sleep(200);
        return { done: true };
      }),
    ]);
    const running = client.call(probe, {});
    await sleep(50);
    const closing = server.close(5_000);
    cleanups.length = 0;
    cleanups.push(() => client.close());
    await expect(fetch(`${url}/internal/probe`)).rejects.toThrow();
    await expect(running).resolves.toEqual({ done: true });
    await closing;
  });

  it('does not wait for connections without a request in progress, used or unused', async () => {
    const { server, url } = await serve([boundEcho]);
    const unused = connect(server.port, '127.0.0.1').resume();
    await fetch(`${url}/internal/none`);
    await waitUntil(() => unused.readyState === 'open');
    const ended = new Promise((resolve) => unused.once('close', resolve));
    // The grace period is longer than the timeout of the test.
    await server.close(60_000);
    await ended;
  });
});
