import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Of each service; a real Prometheus has one. */
const CONNECTIONS = 8;

/** Scrapers that ask each service for its metrics and read nothing of the answer. */
export interface UnreadScrapes {
  close(): void;
}

/** Opens them. */
export async function openUnreadScrapes(adminUrls: Readonly<Record<string, string>>): Promise<UnreadScrapes> {
  const sockets = await Promise.all(
    Object.values(adminUrls).flatMap((url) => Array.from({ length: CONNECTIONS }, () => ask(new URL(url)))),
  );
  return {
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function ask({ hostname, port, host }: URL): Promise<Socket> {
  // Without a listener for its data, a socket reads no more than its own buffer holds.
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET /metrics HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\n\r\n`);
  return socket;
}
