import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import type { FuzzCase } from './fuzz-case.ts';

/** Response to a request. */
export interface FuzzAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Timeout of a response. */
const HANG_MS = 10_000;
/** Duration and size after which a stream is closed. */
const STREAM_MS = 150;
const STREAM_BYTES = 65_536;

/** Sends requests unchanged. */
export interface Sender {
  /** @throws Error if there is no response */
  send(baseUrl: string, fuzzCase: FuzzCase): Promise<FuzzAnswer>;
  close(): void;
}

/** Creates a {@link Sender} with a limited number of connections. */
export function createSender(connections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send: (baseUrl, fuzzCase) => sendCase(agent, baseUrl, fuzzCase),
    close: () => agent.destroy(),
  };
}

function sendCase(agent: Agent, baseUrl: string, { method, path, headers, body }: FuzzCase): Promise<FuzzAnswer> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ agent, hostname, port, method, path, headers: { ...length, ...headers } });
    const hung = setTimeout(() => outgoing.destroy(new Error(`no response within ${HANG_MS} ms`)), HANG_MS);
    outgoing.on('error', (error) => {
      clearTimeout(hung);
      reject(error);
    });
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      const { statusCode: status = 0, headers: received } = incoming;
      const finish = (): void => {
        clearTimeout(hung);
        clearTimeout(enough);
        resolve({ status, headers: received, body: Buffer.concat(chunks).toString('utf8') });
      };
      const stop = (): void => {
        finish();
        outgoing.destroy();
      };
      const isStream = !(received['content-type'] ?? '').includes('json') && received['content-length'] === undefined;
      const enough = setTimeout(() => isStream && stop(), STREAM_MS);
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (isStream && Buffer.concat(chunks).length > STREAM_BYTES) stop();
      });
      incoming.on('end', finish);
      incoming.on('error', finish);
    });
    outgoing.end(body);
  });
}
