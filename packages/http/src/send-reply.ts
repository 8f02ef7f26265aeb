import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PROBLEM_CONTENT_TYPE, toOpenAiError, toProblem, type AionError, type FieldProblem } from '@aion/errors';
import type { Response } from 'express';
import { StreamReply } from './bind-route.ts';

/** What a result is sent with. */
export interface SendOptions {
  readonly status: number;
  readonly signal: AbortSignal;
  /** Told of a stream's failure before the connection is broken off. */
  readonly onStreamFailure: (thrown: unknown) => void;
  /** Told when a stream's terminator is being sent. */
  readonly onStreamComplete: () => void;
}

/** Sends a handler's result: a stream, a JSON document, or nothing (204). Resolves when the last byte is accepted. */
export async function sendResult(res: Response, result: unknown, options: SendOptions): Promise<void> {
  if (result instanceof StreamReply) {
    await sendStream(res, result, options);
  } else if (result === undefined) {
    res.writeHead(204).end();
  } else {
    sendJson(res, options.status, 'application/json; charset=utf-8', result);
  }
}

/** Sends an error in the shape of its API: OpenAI's under `/v1`, problem details (RFC 9457) elsewhere. */
export function sendError(
  res: Response,
  error: AionError,
  where: { readonly path: string; readonly requestId: string; readonly fields?: readonly FieldProblem[] },
): void {
  if (error.retryAfterSeconds !== undefined) {
    res.setHeader('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  if (error.status === 401) res.setHeader('www-authenticate', 'Bearer');
  if (where.path.startsWith('/v1/')) {
    sendJson(res, error.status, 'application/json; charset=utf-8', toOpenAiError(error));
  } else {
    const { path: instance, ...rest } = where;
    const problem = toProblem(error, { instance, ...rest });
    sendJson(res, error.status, PROBLEM_CONTENT_TYPE, problem);
  }
}

async function sendStream(res: Response, reply: StreamReply, options: SendOptions): Promise<void> {
  res.writeHead(reply.status, { 'content-type': reply.contentType, ...reply.headers });
  res.flushHeaders();
  // The pipeline destroys both ends on failure: the reader sees a broken connection, the source is told to stop.
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
  // Text goes out in one write together with the head; bytes would be a second chunk, at more than the cost of the rest.
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  res.end(text);
}
