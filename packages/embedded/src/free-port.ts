import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Finds a TCP port that is free on 127.0.0.1 at the moment. Another process may bind it before the caller does, so a
 * caller that is able to listen on port 0 should do that instead.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error(`The TCP server on 127.0.0.1 has no port: ${String(address)}.`);
  }
  return address.port;
}
