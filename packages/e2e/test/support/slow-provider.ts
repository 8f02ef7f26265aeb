import { createServer } from 'node:http';

/** An OpenAI-compatible server whose streams continue until their reader disconnects. */
export interface SlowProvider {
  readonly baseUrl: string;
  /** Returns the number of open streams. */
  open(): number;
  close(): Promise<void>;
}

/** Starts the provider; it offers the model `slow-1`. */
export async function startSlowProvider(): Promise<SlowProvider> {
  let open = 0;
  const server = createServer((req, res) => {
    req.resume();
    if (req.url === '/v1/models') {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ object: 'list', data: [{ id: 'slow-1', object: 'model', created: 1, owned_by: 'x' }] }));
      return;
    }
    open += 1;
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const words = setInterval(() => {
      res.write('data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n');
    }, 20);
    res.once('close', () => {
      clearInterval(words);
      open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    open: () => open,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
