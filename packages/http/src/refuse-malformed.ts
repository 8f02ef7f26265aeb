import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_CONTENT_TYPE, type Problem } from '@aion/errors';

/** What a caller did wrong before there was a request, by the code of Node's error; of others the parser made nothing. */
const REFUSALS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The request line and the headers are longer than this server takes.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk are longer than this server takes.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};
const NOT_HTTP = [400, 'What was sent is not a request of HTTP/1.1.'] as const;
const EXPECTATION = [417, 'This server meets no expectation but 100-continue.'] as const;

/**
 * Answers what no app gets to see, for it is not HTTP as it should be, with problem details (RFC 9457) like every other
 * refusal. Node by itself answers with an empty body.
 */
export function refuseMalformed(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, res) => answers.set(socket, res));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // An answer that has begun cannot become another one.
    const isAnswered = answers.get(socket)?.headersSent === true && answers.get(socket)?.writableFinished === false;
    if (!socket.writable || isAnswered || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [status, detail] = REFUSALS[error.code ?? ''] ?? NOT_HTTP;
    const body = toBody(status, detail);
    const headers = `content-type: ${PROBLEM_CONTENT_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`;
    // Sent and closed: where the next request would begin is not known.
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers}\r\nconnection: close\r\n\r\n${body}`);
  });
  server.on('checkExpectation', (_req, res) => {
    const [status, detail] = EXPECTATION;
    const body = toBody(status, detail);
    res
      .writeHead(status, { 'content-type': PROBLEM_CONTENT_TYPE, 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
}

function toBody(status: number, detail: string): string {
  const problem: Problem = {
    type: 'urn:aion:problem:invalid-request',
    title: STATUS_CODES[status] ?? 'Invalid request',
    status,
    detail,
    code: 'INVALID_REQUEST',
  };
  return JSON.stringify(problem);
}
