import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Connections per service; a real Prometheus has one. */
const CONNECTIONS = 8;

/** Connections that request the metrics of each service and read no response. */
export interface UnreadScrapes {
  close(): void;
}

/** Opens the connections and sends the requests. */
export async function openUnreadScrapes(adminUrls: Readonly<Record<string, string>>): Promise<UnreadScrapes> {
  const sockets = await Promise.all(
    Object.values(adminUrls).flatMap((url) => Array.from({ length: CONNECTIONS }, () => requestMetrics(new URL(url)))),
  );
  return {
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function requestMetrics({ hostname, port, host }: URL): Promise<Socket> {
  // Without a data listener, a socket reads no more than its buffer can hold.
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET /metrics HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\n\r\n`);
  return socket;
}
