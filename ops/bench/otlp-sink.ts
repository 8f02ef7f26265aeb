import { createServer } from 'node:http';
import { once } from 'node:events';

/** OTLP/HTTP receiver that counts spans: exporting is part of the cost of tracing. */
export interface OtlpSink {
  readonly endpoint: string;
  /** Returns the number of spans received so far, of all subjects. */
  spans(): number;
  close(): Promise<void>;
}

/** Starts a sink on a free port of the loopback interface. */
export async function startOtlpSink(): Promise<OtlpSink> {
  let spans = 0;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      spans += Buffer.concat(chunks).toString('latin1').split('"spanId"').length - 1;
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The OTLP sink has no TCP port.');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    spans: () => spans,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
