import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { listen, type HttpServer } from '../src/index.ts';

let server: HttpServer;

beforeAll(async () => {
  const address = { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' };
  server = await listen((req, res) => {
    if (req.url === '/begun') res.writeHead(200).write('begun');
    else req.resume().on('end', () => res.end(req.url));
  }, address);
});
afterAll(() => server.close(100));

/** Sends bytes and returns everything received until the connection ends. */
async function send(bytes: string, more?: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(bytes);
  if (more !== undefined) socket.once('data', () => socket.write(more));
  return text(socket);
}

describe('rejectMalformedRequests', () => {
  it.each([
    ['bytes that are not HTTP', 'hello\r\n\r\n', 400],
    ['an unknown method', 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
    ['a chunk without a length', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
    ['headers above the limit', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'an unsupported expectation',
      'POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: tea\r\ncontent-length: 0\r\n\r\n',
      417,
    ],
  ])('responds with problem details to %s', async (_case, bytes, status) => {
    const [head = '', body = ''] = (await send(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code: 'INVALID_REQUEST', detail: expect.any(String) });
  });

  it('does not write a second response into one that has begun', async () => {
    const chunked = 'POST /begun HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
    expect(await send(chunked, 'zz\r\n')).not.toContain('problem');
  });

  it('rejects malformed bytes after a valid request on the same connection', async () => {
    const text = await send('GET /good HTTP/1.1\r\nhost: x\r\n\r\n', 'hello\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK[^]*\/good[^]*HTTP\/1\.1 400 /);
  });
});
