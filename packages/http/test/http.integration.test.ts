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
  correlationIdOf,
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
const flow = defineRoute({
  ...base,
  name: 'flow',
  method: 'GET',
  path: '/internal/flow',
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

const echoing = bindRoute(echo, async ({ params, query, body }) => ({
  text: `${params.name}:${body.text.repeat(query.times)}`,
}));

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400 && !(await condition()); i += 1) await sleep(5);
  expect(await condition()).toBe(true);
}

async function countedRequests(path: string): Promise<string> {
  const { body } = await metrics.exposition();
  return body
    .split('\n')
    .filter((line) => line.startsWith('http_requests_total') && line.includes(`path="${path}"`))
    .join('\n');
}

describe('a bound route', () => {
  it('is called with what the contract says, and answers by it', async () => {
    const { client } = await serve([echoing]);
    const input = { params: { name: 'a/b' }, query: { times: 2 }, body: { text: 'x' } };
    await expect(client.call(echo, input)).resolves.toEqual({ text: 'a/b:xx' });
  });

  it('refuses a wrong field by its name, and lists all of them', async () => {
    const { client } = await serve([echoing]);
    // The contract's types forbid this body: a caller without them must still be told.
    const body = { text: 5, nested: [{ n: 1 }, { n: 'two' }] } as unknown as { text: string };
    const refused = client.call(echo, { params: { name: 'a' }, body });
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'text',
      fields: [{ pointer: '/text' }, { pointer: '/nested/1/n' }],
    });
  });

  it('names a field that there is not by itself', async () => {
    const { client } = await serve([echoing]);
    const body = { text: '', nested: [{ n: 1, 'a/b': 2 }] };
    await expect(client.call(echo, { params: { name: 'a' }, body })).rejects.toMatchObject({
      param: 'nested[0].a/b',
      fields: [{ pointer: '/nested/0/a~1b', detail: 'There is no such field' }],
    });
  });

  it.each([
    [new InvalidRequestError('wrong', { param: 'text' }), '/text'],
    [new PermissionDeniedError('not given to you', { param: 'text' }), '/text'],
    [new NotFoundError('not there', { param: 'text' }), '/text'],
    [new ConflictError('taken', { param: 'text' }), '/text'],
    [new IdempotencyKeyReusedError('another one', { param: 'text' }), '/text'],
    [new ConflictError('listed', { param: 'text', fields: [{ pointer: '/nested/0', detail: 'd' }] }), '/nested/0'],
    [new ConflictError('in the path', { param: 'name' }), undefined],
    [new ConflictError('in a header', { param: 'If-Match' }), undefined],
    [new ConflictError('of no field', { param: 'toString' }), undefined],
    [new UnavailableError('no fault of a field', { param: 'text' }), undefined],
  ])('points at the field of the body that an error names: %s', async (error, pointer) => {
    const { client } = await serve([bindRoute(echo, () => Promise.reject(error))]);
    const refused = await client
      .call(echo, { params: { name: 'a' }, body: { text: '' } })
      .then(() => undefined, toAionError);
    expect(refused).toMatchObject({ code: error.code, message: error.message, param: error.param });
    expect(refused?.fields.map((field) => field.pointer)).toEqual(pointer === undefined ? [] : [pointer]);
  });

  it.each([
    ['', 'is empty'],
    ['{"text": ', 'is not valid JSON'],
  ])('refuses the body %j with a message that says what is wrong', async (raw, message) => {
    const { client } = await serve([echoing]);
    const refused = client.call(echo, { params: { name: 'a' }, rawBody: Buffer.from(raw) });
    await expect(refused).rejects.toThrow(message);
  });

  it('refuses a body over the limit with 413', async () => {
    const { client } = await serve([echoing], { maxBodyBytes: 1_000 });
    const refused = client.call(echo, { params: { name: 'a' }, body: { text: 'x'.repeat(2_000) } });
    await expect(refused).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('refuses a body that announces too much before it has been sent', async () => {
    const { url, client } = await serve([echoing], { maxBodyBytes: 1_000 });
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

  it('answers 405 with the methods it takes, and 404 where there is nothing', async () => {
    const { url } = await serve([echoing]);
    const wrongMethod = await fetch(`${url}/internal/echo/a`);
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST']);
    const missing = await fetch(`${url}/internal/none`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
    expect((await fetch(`${url}/%ff`)).status).toBe(404);
  });
});

describe('a deprecated route', () => {
  it('says on every answer, also on a refusal, that it will go and when', async () => {
    const route = defineRoute({
      ...echo,
      deprecation: { since: '2026-01-01T00:00:00Z', sunset: '2026-07-01T12:00:00Z', link: 'https://example.com/next' },
    });
    const { url, client } = await serve([bindRoute(route, async () => ({ text: '' }))]);
    await client.call(route, { params: { name: 'a' }, body: { text: '' } });
    const refused = await fetch(`${url}/internal/echo/a`, { method: 'POST' });
    expect(refused.status).toBe(401);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      deprecation: '@1767225600',
      sunset: 'Wed, 01 Jul 2026 12:00:00 GMT',
      link: '<https://example.com/next>; rel="deprecation"',
    });
  });

  it('is the only one that says so', async () => {
    const { url } = await serve([echoing]);
    const answer = await fetch(`${url}/internal/echo/a`, { method: 'POST' });
    expect(answer.headers.has('deprecation') || answer.headers.has('sunset')).toBe(false);
  });
});

describe('a service token', () => {
  const call = (client: ServiceClient): Promise<unknown> =>
    client.call(echo, { params: { name: 'a' }, body: { text: '' } });

  it('is refused when it is for another service or signed with another secret', async () => {
    const other = await serve([echoing], { issuedFor: 'database-gateway' });
    await expect(call(other.client)).rejects.toMatchObject({ code: 'INVALID_API_KEY' });
    const forged = await serve([echoing], { secret: 'another secret of thirty-two characters' });
    await expect(call(forged.client)).rejects.toMatchObject({ code: 'INVALID_API_KEY' });
  });

  it('is needed', async () => {
    const { url } = await serve([echoing]);
    const response = await fetch(`${url}/internal/echo/a`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
  });
});

describe('the context', () => {
  it('crosses to the callee: one trace, the ids, a shrinking deadline', async () => {
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

  it('is on the access log line of the request', async () => {
    const { client } = await serve([echoing]);
    logLines.length = 0;
    await runWithIds({ correlationId: 'corr-8' }, () =>
      client.call(echo, { params: { name: 'a' }, body: { text: '' } }),
    );
    await until(() => logLines.length > 0);
    expect(logLines[0]).toMatchObject({
      message: 'Request handled',
      correlation_id: 'corr-8',
      fields: { status: 200 },
    });
    expect(logLines[0]).toHaveProperty('trace_id');
  });
});

describe('what looks like a secret', () => {
  it.each(['sk-abcdefghijklmnopqrst', '4111111111111111'])('is not taken for a correlation id: %s', (sent) => {
    // The function reads the headers of a request and nothing else.
    const req = { headers: { [CORRELATION_HEADER]: sent } } as unknown as Parameters<typeof correlationIdOf>[0];
    expect(correlationIdOf(req)).not.toBe(sent);
  });

  it('is not echoed from a path, percent-encoded or not', async () => {
    const { url } = await serve([echoing]);
    const answer = await (await fetch(`${url}/internal/none/jane.doe%40example.org`)).text();
    expect(answer).toContain('[redacted');
    expect(answer).not.toContain('jane');
  });
});

describe('a failure', () => {
  it('crosses services as the same domain error', async () => {
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

  it('that nobody foresaw tells its cause to the log and not to the caller', async () => {
    const { client } = await serve([
      bindRoute(probe, async () => {
        throw new Error('relation "tenants" does not exist');
      }),
    ]);
    logLines.length = 0;
    const failed = client.call(probe, {}).catch((error: unknown) => error);
    expect(String(await failed)).not.toContain('tenants');
    await until(() => logLines.some((line) => JSON.stringify(line).includes('does not exist')));
  });

  it('is UNAVAILABLE when nobody listens, after retries of what may be repeated', async () => {
    const { server, client } = await serve([echoing]);
    await server.close(0);
    cleanups.length = 0;
    cleanups.push(() => client.close());
    await expect(client.call(probe, {})).rejects.toBeInstanceOf(UnavailableError);
  });

  it('is DEADLINE_EXCEEDED when the work takes too long, and the handler is told', async () => {
    let told: unknown;
    const { client } = await serve(
      [
        bindRoute(probe, async ({ signal }) => {
          await sleep(5_000, undefined, { signal }).catch(() => undefined);
          told = signal.reason;
          throw new InvalidRequestError('never seen');
        }),
      ],
      { timeoutMs: 50 },
    );
    await expect(client.call(probe, {})).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(told).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});

describe('a slow sender', () => {
  it('is answered at the deadline, before its body has arrived', async () => {
    const { server } = await serve([echoing], { timeoutMs: 100 });
    logLines.length = 0;
    const token = await createServiceTokens({ secret: SECRET, service: 'web-api' }).issue('ai-engine');
    const socket = connect(server.port, '127.0.0.1');
    const answer = socket.setEncoding('utf8').toArray();
    socket.write(
      `POST /internal/echo/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 99\r\n\r\n{`,
    );
    await until(() => logLines.some((line) => JSON.stringify(line).includes('"status":504')));
    socket.end();
    expect((await answer).join('')).toContain('504');
  });
});

describe('a stream', () => {
  it('is read to its end', async () => {
    const { client } = await serve([
      bindRoute(flow, async () =>
        streamReply({
          contentType: 'application/x-ndjson',
          body: (async function* () {
            for (let i = 0; i < 3; i += 1) yield Buffer.from(`${i}\n`);
          })(),
        }),
      ),
    ]);
    const { body, contentType } = await client.stream(flow, {});
    expect(contentType).toBe('application/x-ndjson');
    expect((await body.toArray()).join('')).toBe('0\n1\n2\n');
  });

  it('that breaks never looks whole, and counts as an error', async () => {
    const { client } = await serve([
      bindRoute(flow, async () =>
        streamReply({
          contentType: 'application/x-ndjson',
          body: (async function* () {
            yield Buffer.from('0\n');
            await sleep(1);
            throw new UnavailableError('the database went away');
          })(),
        }),
      ),
    ]);
    const { body } = await client.stream(flow, {});
    await expect(body.toArray()).rejects.toThrow();
    await until(async () => (await countedRequests('/internal/flow')).includes('status="503"} 1'));
  });

  it('waits for a slow reader, and stops its source when the reader goes away', async () => {
    let produced = 0;
    let stopped = false;
    const { client } = await serve([
      bindRoute(flow, async () =>
        streamReply({
          contentType: 'application/x-ndjson',
          body: (async function* () {
            try {
              for (; produced < 10_000; produced += 1) yield Buffer.alloc(65_536, 'x');
            } finally {
              stopped = true;
            }
          })(),
        }),
      ),
    ]);
    const { body } = await client.stream(flow, {});
    await sleep(200);
    expect(produced).toBeLessThan(1_000);
    body.destroy();
    await until(() => stopped);
  });

  it('is counted as answered when its client hangs up after the terminator', async () => {
    const finish = Promise.withResolvers<undefined>();
    const { client } = await serve([
      bindRoute(flow, async () =>
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
    const answered = (await countedRequests('/internal/flow')).match(/status="200"} (\d+)/)?.[1] ?? '0';
    const { body } = await client.stream(flow, {});
    for await (const _chunk of body) break;
    await until(async () =>
      (await countedRequests('/internal/flow')).includes(`status="200"} ${Number(answered) + 1}`),
    );
    finish.resolve(undefined);
  });

  it('is counted as 499 when its client vanishes', async () => {
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
    await until(async () => (await countedRequests('/internal/probe')).includes('status="499"} 1'));
  });
});

describe('a server that closes', () => {
  it('lets the running request end and takes no other', async () => {
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

  it('does not wait for connections on which nothing runs, used or not', async () => {
    const { server, url } = await serve([echoing]);
    const unused = connect(server.port, '127.0.0.1').resume();
    await fetch(`${url}/internal/none`);
    await until(() => unused.readyState === 'open');
    const ended = new Promise((resolve) => unused.once('close', resolve));
    // The grace is longer than the test may take.
    await server.close(60_000);
    await ended;
  });
});
