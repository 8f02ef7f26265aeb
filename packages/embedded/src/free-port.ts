import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A TCP port that nothing listens on at 127.0.0.1 right now. Another process may take it before the caller does:
 * a caller that can, listens on port 0 itself.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error(`a TCP server on 127.0.0.1 has no port: ${String(address)}`);
  }
  return address.port;
}
