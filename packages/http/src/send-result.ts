import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PROBLEM_CONTENT_TYPE, toOpenAiError, toProblem, type AionError, type FieldProblem } from '@aion/errors';
import type { Response } from 'express';
import { StreamReply } from './bind-route.ts';

/** Options of `sendResult`. */
export interface SendOptions {
  readonly status: number;
  readonly signal: AbortSignal;
  /** Called with the failure of a stream before the connection is destroyed. */
  readonly onStreamFailure: (thrown: unknown) => void;
  /** Called when the terminator of a stream is being sent. */
  readonly onStreamComplete: () => void;
}

/** Sends the result of a handler: a stream, a JSON document, or nothing (204). Resolves when the last byte is written. */
export async function sendResult(res: Response, result: unknown, options: SendOptions): Promise<void> {
  if (result instanceof StreamReply) {
    await sendStream(res, result, options);
  } else if (result === undefined) {
    res.writeHead(204).end();
  } else {
    sendJson(res, options.status, 'application/json; charset=utf-8', result);
  }
}

/** Sends an error in the format of its API: OpenAI's under `/v1`, problem details (RFC 9457) elsewhere. */
export function sendError(
  res: Response,
  error: AionError,
  request: { readonly path: string; readonly requestId: string; readonly fields?: readonly FieldProblem[] },
): void {
  if (error.retryAfterSeconds !== undefined) {
    res.setHeader('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  if (error.status === 401) res.setHeader('www-authenticate', 'Bearer');
  if (request.path.startsWith('/v1/')) {
    sendJson(res, error.status, 'application/json; charset=utf-8', toOpenAiError(error));
  } else {
    const { path: instance, ...rest } = request;
    const problem = toProblem(error, { instance, ...rest });
    sendJson(res, error.status, PROBLEM_CONTENT_TYPE, problem);
  }
}

async function sendStream(res: Response, reply: StreamReply, options: SendOptions): Promise<void> {
  res.writeHead(reply.status, { 'content-type': reply.contentType, ...reply.headers });
  res.flushHeaders();
  // The pipeline destroys both ends on failure: the client sees an incomplete response, and the source is closed.
  const source = Readable.from(watchStream(reply, options), { objectMode: false });
  await pipeline(source, res, { signal: options.signal });
}

async function* watchStream(reply: StreamReply, options: SendOptions): AsyncIterable<Uint8Array> {
  const terminator = reply.terminator === undefined ? undefined : Buffer.from(reply.terminator);
  try {
    for await (const chunk of reply.body) {
      if (terminator !== undefined && Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).includes(terminator)) {
        options.onStreamComplete();
      }
      yield chunk;
    }
  } catch (thrown) {
    options.onStreamFailure(thrown);
    throw thrown;
  }
}

function sendJson(res: Response, status: number, contentType: string, body: unknown): void {
  // A string is written together with the head; a buffer would be a second write, which costs more than all the rest.
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  res.end(text);
}
