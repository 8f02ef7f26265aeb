import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** TCP proxy that makes a server unreachable without stopping it for others. */
export interface Proxy {
  /** Stops forwarding on open connections without closing them; new ones are served. */
  silence(): void;
  /** Closes every connection and accepts no more. */
  stop(): Promise<void>;
}

/** Listens on the port and forwards bytes to the target. */
export async function startProxy(port: number, target: { host: string; port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
