import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PROBLEM_CONTENT_TYPE, toOpenAiError, toProblem, type AionError } from '@aion/errors';
import type { Response } from 'express';
import { StreamReply } from './bind-route.ts';

/** Sends a handler's result: a stream, a JSON document, or nothing (204). Resolves when the last byte is accepted. */
export async function sendResult(res: Response, result: unknown, status: number, signal: AbortSignal): Promise<void> {
  if (result instanceof StreamReply) {
    await sendStream(res, result, signal);
  } else if (result === undefined) {
    res.writeHead(204).end();
  } else {
    sendJson(res, status, 'application/json; charset=utf-8', result);
  }
}

/** Sends an error in the shape of its API: OpenAI's under `/v1`, problem details (RFC 9457) elsewhere. */
export function sendError(res: Response, error: AionError, where: { path: string; requestId: string }): void {
  if (error.retryAfterSeconds !== undefined) {
    res.setHeader('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  if (error.status === 401) res.setHeader('www-authenticate', 'Bearer');
  if (where.path.startsWith('/v1/')) {
    sendJson(res, error.status, 'application/json; charset=utf-8', toOpenAiError(error));
  } else {
    const problem = toProblem(error, { instance: where.path, requestId: where.requestId });
    sendJson(res, error.status, PROBLEM_CONTENT_TYPE, problem);
  }
}

async function sendStream(res: Response, reply: StreamReply, signal: AbortSignal): Promise<void> {
  res.writeHead(reply.status, { 'content-type': reply.contentType, ...reply.headers });
  res.flushHeaders();
  // The pipeline destroys both ends on failure: the reader sees a broken connection, the source is told to stop.
  await pipeline(Readable.from(reply.body, { objectMode: false }), res, { signal });
}

function sendJson(res: Response, status: number, contentType: string, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
  res.end(bytes);
}
