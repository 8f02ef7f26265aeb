import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Takes no new requests, lets the running ones end for `graceMs`, then breaks them off. */
  close(graceMs: number): Promise<void>;
}

/** Failed to listen; the message says what to do. */
export class ListenError extends Error {
  readonly code = 'CANNOT_LISTEN';
}

/** Listens on an address; port 0 takes a free one. @throws ListenError */
export async function listen(
  handler: RequestListener,
  address: { readonly host: string; readonly port: number; readonly name: string; readonly variable: string },
): Promise<HttpServer> {
  const server = createServer(handler);
  // Longer than the clients' keep-alive, so that the client is the one that closes an idle connection.
  server.keepAliveTimeout = 65_000;
  const silent = trackSilentSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(toListenError(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: (graceMs) =>
      new Promise((resolve, reject) => {
        const breakOff = setTimeout(() => server.closeAllConnections(), graceMs);
        // A kept-alive connection becomes idle only when its last answer has ended.
        const sweep = setInterval(() => {
          server.closeIdleConnections();
          silent.destroy();
        }, 25);
        server.close((error) => {
          clearTimeout(breakOff);
          clearInterval(sweep);
          if (error === undefined) resolve();
          else reject(error);
        });
      }),
  };
}

/**
 * Connections on which nothing has come yet, such as those that a browser opens in advance. Node takes them for active,
 * so that a closing server would wait for them.
 */
function trackSilentSockets(server: Server): { destroy(): void } {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return {
    destroy: () => {
      for (const socket of open) {
        if (socket.bytesRead === 0) socket.destroy();
      }
    },
  };
}

function toListenError(
  error: Error,
  { host, port, name, variable }: { host: string; port: number; name: string; variable: string },
): Error {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new ListenError(
      `${name} cannot listen on ${host}:${port}: the port is in use. Stop what uses it, or set ${variable} to another port.`,
      { cause: error },
    );
  }
  return new ListenError(
    `${name} cannot listen on ${host}:${port}: ${error.message}. Check ${variable} and AION_HOST.`,
    {
      cause: error,
    },
  );
}
