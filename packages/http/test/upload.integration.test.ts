import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineRoute } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { z } from 'zod';
import { bindRoute, createApp, listen, type HttpServer } from '../src/index.ts';

const MAX_BYTES = 8 * 1_048_576;
const route = defineRoute({
  name: 'uploadThing',
  service: 'web-api',
  method: 'POST',
  path: '/things',
  summary: 'Upload a thing',
  description: 'Takes bytes.',
  auth: { kind: 'none' },
  query: z.object({ mode: z.string().optional() }),
  upload: true,
  response: { status: 201, description: 'Taken.', json: z.object({ bytes: z.number(), sha256: z.string() }) },
  errors: [],
  idempotent: false,
});

let server: HttpServer;
const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
/** Errors of failed uploads. */
const failures: unknown[] = [];
/** Resolved to let a waiting upload continue. */
let resumeReading = Promise.withResolvers<undefined>();

beforeAll(async () => {
  const bound = bindRoute(
    route,
    async ({ query, upload }) => {
      if (query.mode === 'rejected') throw new Error('rejected unread');
      const hash = createHash('sha256');
      let bytes = 0;
      try {
        for await (const chunk of upload(MAX_BYTES) as AsyncIterable<Buffer>) {
          if (query.mode === 'waiting') await resumeReading.promise;
          bytes += chunk.length;
          hash.update(chunk);
        }
      } catch (error) {
        failures.push(error);
        throw error;
      }
      return { bytes, sha256: hash.digest('hex') };
    },
    { timeoutMs: 1_500 },
  );
  const app = createApp({
    routes: [bound],
    admit: async () => ({ identity: { kind: 'anonymous' }, parent: ROOT_CONTEXT, links: [], correlationId: undefined }),
    logger: createLogger({ service: 'test', level: 'error', format: 'json' }),
    metrics,
    maxBodyBytes: 10,
  });
  server = await listen(app, { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' });
});
afterAll(() => server.close(0));

const post = (body: Buffer, path = '/things') =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', body: new Uint8Array(body) });

/** Waits for the response to a request. */
async function waitForResponse(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve) => sent.once('response', resolve));
}

async function waitFor(event: string, isDone: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!isDone()) {
    if (Date.now() > end) throw new Error(`Waited for ${event}.`);
    await sleep(5);
  }
}

/** Starts a request; the test sends its body. */
function startRequest(headers: Record<string, string | number>, path = '/things') {
  const sent = request({ host: '127.0.0.1', port: server.port, method: 'POST', path, headers });
  sent.on('error', () => undefined);
  return sent;
}

describe('upload', () => {
  it.each([0, 1, 65_536, 5_000_001])('passes all of its %d bytes to the handler', async (size) => {
    const body = Buffer.alloc(size, 'aion');
    const response = await post(body);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ bytes: size, sha256: createHash('sha256').update(body).digest('hex') });
  });

  it('counts in the metric of received bytes', async () => {
    await post(Buffer.alloc(777_777));
    const { body } = await metrics.exposition();
    const [, sum] = /http_request_size_bytes_sum\{[^}]*things[^}]*\} (\d+)/.exec(body) ?? [];
    expect(Number(sum)).toBeGreaterThanOrEqual(777_777);
  });

  it('is rejected above the limit, by its content length before it is sent or by its bytes without one', async () => {
    const announced = startRequest({ 'content-length': MAX_BYTES + 1 });
    announced.write('x');
    const first = await waitForResponse(announced);
    expect(first.statusCode).toBe(413);
    expect((await buffer(first)).toString()).toContain(String(MAX_BYTES));
    announced.destroy();
    const unannounced = startRequest({});
    const chunk = Buffer.alloc(1_048_576);
    for (let sent = 0; sent <= 8; sent += 1) unannounced.write(chunk);
    const second = await waitForResponse(unannounced);
    expect(second.statusCode).toBe(413);
    unannounced.destroy();
    expect((await post(Buffer.alloc(MAX_BYTES))).status).toBe(201);
  });

  it('is read no faster than its handler consumes it', async () => {
    resumeReading = Promise.withResolvers();
    const sent = startRequest({ 'content-length': MAX_BYTES }, '/things?mode=waiting');
    const responded = waitForResponse(sent);
    const socket = await new Promise<Socket>((resolve) => sent.once('socket', resolve));
    sent.end(Buffer.alloc(MAX_BYTES));
    // The kernel accepts as much as its buffers hold; the rest then waits at the sender.
    let waiting = -1;
    let since = 0;
    await waitFor('the sender to stall', () => {
      since = socket.writableLength === waiting ? since + 1 : 0;
      waiting = socket.writableLength;
      return since > 20;
    });
    expect(waiting).toBeGreaterThan(500_000);
    resumeReading.resolve(undefined);
    const response = await responded;
    expect(JSON.parse((await buffer(response)).toString())).toMatchObject({ bytes: MAX_BYTES });
  });

  it('fails when the client disconnects before its end', async () => {
    const before = failures.length;
    const sent = startRequest({ 'content-length': 1_000_000 });
    sent.write(Buffer.alloc(1_000));
    await once(sent, 'socket');
    await waitFor('the first part to be sent', () => sent.socket?.writableLength === 0);
    sent.destroy();
    await waitFor('the handler to fail', () => failures.length > before);
    expect(failures.at(-1)).toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  });

  it('ends with 504 and a closed connection when it does not arrive in time', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
    const response = await buffer(socket);
    expect(response.toString()).toMatch(/^HTTP\/1\.1 504 /);
    expect(failures.at(-1)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  }, 15_000);

  it('receives a response when its handler reads nothing', async () => {
    expect((await post(Buffer.alloc(3_000_000), '/things?mode=rejected')).status).toBe(500);
  });
});
