import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

/** An OpenAI-compatible server that answers each request with one word, or with an error that quotes the request. */
export interface PlainProvider {
  readonly baseUrl: string;
  /** Headers of the requested completions, oldest first. */
  readonly seen: readonly IncomingHttpHeaders[];
  close(): Promise<void>;
}

const MODEL = 'plain-1';
/** Requests for this model fail with an error that contains the key and the request, as with some providers. */
export const REJECTED_MODEL = 'rejected-1';
const USAGE = { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 };

/** Starts the provider; it offers the model `plain-1`, reports 7 input and 1 output tokens, and supports streaming. */
export async function startPlainProvider(): Promise<PlainProvider> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => {
      if (req.url === '/v1/models') return sendJson({ object: 'list', data: [{ id: MODEL, object: 'model' }] });
      const text = Buffer.concat(chunks).toString();
      const { stream, model } = JSON.parse(text) as { stream?: boolean; model?: string };
      if (model === REJECTED_MODEL) return reject(`Incorrect API key: ${req.headers.authorization}, in ${text}`);
      seen.push(req.headers);
      if (stream === true) sendStream();
      else sendJson(answer('chat.completion', 'message', 'stop'));
    });
    const reject = (message: string): void => {
      res.writeHead(401, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } }));
    };
    const sendJson = (body: unknown): void => {
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const sendStream = (): void => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(`data: ${JSON.stringify(answer('chat.completion.chunk', 'delta', 'stop'))}\n\n`);
      res.end('data: [DONE]\n\n');
    };
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(object: string, field: 'message' | 'delta', finishReason: string): unknown {
  const choice = { index: 0, [field]: { role: 'assistant', content: 'Yes.' }, finish_reason: finishReason };
  return { id: 'x', object, created: 1, model: MODEL, choices: [choice], usage: USAGE };
}
