import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_CONTENT_TYPE, type Problem } from '@aion/errors';

/** Responses to input that Node could not parse, by the code of its error; other codes mean `NOT_HTTP`. */
const REJECTIONS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'The request line and the headers exceed the limit of this server: send fewer or shorter headers.',
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk exceed the limit of this server.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};
const NOT_HTTP = [400, 'The bytes received are not a valid HTTP/1.1 request.'] as const;
const EXPECTATION = [417, 'This server supports no expectation other than 100-continue.'] as const;

/**
 * Rejects malformed requests, which never reach an app, with problem details (RFC 9457) like all other errors. Node's
 * own response has an empty body.
 */
export function rejectMalformedRequests(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, res) => responses.set(socket, res));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // A second response must not be written into one that has begun.
    const response = responses.get(socket);
    const isResponding = response?.headersSent === true && !response.writableFinished;
    if (!socket.writable || isResponding || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [status, detail] = REJECTIONS[error.code ?? ''] ?? NOT_HTTP;
    const body = toBody(status, detail);
    const headers = `content-type: ${PROBLEM_CONTENT_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`;
    // The connection is closed, because the start of a next request is unknown.
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
