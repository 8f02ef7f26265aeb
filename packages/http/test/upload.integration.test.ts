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
  query: z.object({ how: z.string().optional() }),
  upload: true,
  response: { status: 201, description: 'Taken.', json: z.object({ bytes: z.number(), sha256: z.string() }) },
  errors: [],
  idempotent: false,
});

let server: HttpServer;
const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
/** What ended the uploads that failed. */
const failures: unknown[] = [];
/** Lets an upload that waits be read. */
let readOn = Promise.withResolvers<undefined>();

beforeAll(async () => {
  const bound = bindRoute(
    route,
    async ({ query, upload }) => {
      if (query.how === 'refused') throw new Error('refused unread');
      const hash = createHash('sha256');
      let bytes = 0;
      try {
        for await (const chunk of upload(MAX_BYTES) as AsyncIterable<Buffer>) {
          if (query.how === 'waiting') await readOn.promise;
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

/** The answer to a request. */
async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve) => sent.once('response', resolve));
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 5_000; !isSo(); await sleep(5))
    if (Date.now() > end) throw new Error(`waited for ${what}`);
}

/** Sends the head of a request and a part of its body; the rest is up to the test. */
function begin(headers: Record<string, string | number>, path = '/things') {
  const sent = request({ host: '127.0.0.1', port: server.port, method: 'POST', path, headers });
  sent.on('error', () => undefined);
  return sent;
}

describe('an upload', () => {
  it.each([0, 1, 65_536, 5_000_001])('gives its handler every byte of %d, of any type', async (size) => {
    const body = Buffer.alloc(size, 'aion');
    const answer = await post(body);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ bytes: size, sha256: createHash('sha256').update(body).digest('hex') });
  });

  it('counts as received', async () => {
    await post(Buffer.alloc(777_777));
    const { body } = await metrics.exposition();
    const [, sum] = /http_request_size_bytes_sum\{[^}]*things[^}]*\} (\d+)/.exec(body) ?? [];
    expect(Number(sum)).toBeGreaterThanOrEqual(777_777);
  });

  it('is refused by its announced length before it is sent, and by its bytes when it announces none', async () => {
    const announced = begin({ 'content-length': MAX_BYTES + 1 });
    announced.write('x');
    const first = await answerTo(announced);
    expect(first.statusCode).toBe(413);
    expect((await buffer(first)).toString()).toContain(String(MAX_BYTES));
    announced.destroy();
    const silent = begin({});
    const chunk = Buffer.alloc(1_048_576);
    for (let sent = 0; sent <= 8; sent += 1) silent.write(chunk);
    const second = await answerTo(silent);
    expect(second.statusCode).toBe(413);
    silent.destroy();
    expect((await post(Buffer.alloc(MAX_BYTES))).status).toBe(201);
  });

  it('is read at the pace of its handler', async () => {
    readOn = Promise.withResolvers();
    const sent = begin({ 'content-length': MAX_BYTES }, '/things?how=waiting');
    const answered = answerTo(sent);
    const socket = await new Promise<Socket>((resolve) => sent.once('socket', resolve));
    sent.end(Buffer.alloc(MAX_BYTES));
    // What the kernel's buffers hold goes out; when nothing moves any more, the rest waits at the sender.
    let [waiting, since] = [-1, 0];
    await until('the sender to come to a rest', () => {
      since = socket.writableLength === waiting ? since + 1 : 0;
      waiting = socket.writableLength;
      return since > 20;
    });
    expect(waiting).toBeGreaterThan(500_000);
    readOn.resolve(undefined);
    const answer = await answered;
    expect(JSON.parse((await buffer(answer)).toString())).toMatchObject({ bytes: MAX_BYTES });
  });

  it('ends with an error when the client goes away in the middle', async () => {
    const before = failures.length;
    const sent = begin({ 'content-length': 1_000_000 });
    sent.write(Buffer.alloc(1_000));
    await once(sent, 'socket');
    await until('the part to be sent', () => sent.socket?.writableLength === 0);
    sent.destroy();
    await until('the handler to hear of it', () => failures.length > before);
    expect(failures.at(-1)).toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  });

  it('is answered with 504 when it does not arrive in time, and its connection is ended', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
    const answer = await buffer(socket);
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 504 /);
    expect(failures.at(-1)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  }, 15_000);

  it('is answered also when its handler reads nothing', async () => {
    expect((await post(Buffer.alloc(3_000_000), '/things?how=refused')).status).toBe(500);
  });
});
