import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Express, RequestHandler } from 'express';
import { readProcessCpuUs } from '../measure-cpu.ts';
import type { Subject } from '../subject.ts';
import { toItem } from './item.ts';

/** Creates the benchmark's route in a plain express app with middleware. The caller loads express after instrumentation. */
export async function createExpressApp(app: Express, middleware: readonly RequestHandler[] = []): Promise<Subject> {
  app.disable('x-powered-by');
  app.disable('etag');
  for (const handler of middleware) app.use(handler);
  app.get('/bench/items/:item_id', (req, res) => {
    res.json(toItem(req.params.item_id));
  });
  const server = createServer(app);
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The app has no TCP port.');
  return { port: address.port, measure: () => Promise.resolve(readProcessCpuUs()) };
}
