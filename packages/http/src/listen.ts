import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '@aion/errors';
import type { Metrics } from '@aion/metrics';
import { rejectMalformedRequests } from './reject-malformed-requests.ts';

/** HTTP server that is listening. */
export interface HttpServer {
  readonly port: number;
  /** Stops accepting requests, waits up to `graceMs` for those in progress, then closes their connections. Idempotent. */
  close(graceMs: number): Promise<void>;
}

/** Failure to listen; the message states how to fix it. */
export class ListenError extends Error {
  readonly code = 'CANNOT_LISTEN';
}

/** Listens on an address; port 0 selects a free port. @throws ListenError */
export async function listen(
  handler: RequestListener,
  address: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly variable: string;
    /** Receives the number of open connections. */
    readonly metrics?: Metrics;
    /** Time limit for receiving a complete request, default 5 minutes; the limits of the app are usually shorter. */
    readonly requestTimeoutMs?: number;
  },
): Promise<HttpServer> {
  const server = createServer(handler);
  rejectMalformedRequests(server);
  if (address.requestTimeoutMs !== undefined) server.requestTimeout = address.requestTimeoutMs;
  // Longer than the keep-alive of clients, so that the client closes an idle connection first.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(toListenError(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  const connections = trackConnections(server);
  const open = address.metrics?.gauge('http_active_connections');
  address.metrics?.onCollect(() => open?.set({}, connections.count()), 'http');
  let closing: Promise<void> | undefined;
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: (graceMs) =>
      (closing ??= new Promise((resolve, reject) => {
        const forceClose = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close((error) => {
          clearTimeout(forceClose);
          if (error === undefined) resolve();
          else reject(error);
        });
        connections.endIdle();
      })),
  };
}

/**
 * Tracks the connections without a request in progress. `closeIdleConnections` does not close those that clients opened
 * in advance and never used: a server would wait its complete grace period for them.
 */
function trackConnections(server: Server): { count(): number; endIdle(): void } {
  const running = new Map<Socket, number>();
  let ending = false;
  server.on('connection', (socket: Socket) => {
    running.set(socket, 0);
    socket.once('close', () => running.delete(socket));
  });
  server.on('request', ({ socket }, res) => {
    running.set(socket, (running.get(socket) ?? 0) + 1);
    res.once('close', () => {
      const left = (running.get(socket) ?? 1) - 1;
      if (running.has(socket)) running.set(socket, left);
      if (ending && left === 0) socket.destroySoon();
    });
  });
  return {
    count: () => running.size,
    endIdle: () => {
      ending = true;
      for (const [socket, requests] of running) if (requests === 0) socket.destroy();
    },
  };
}

function toListenError(
  error: Error,
  { host, port, name, variable }: { host: string; port: number; name: string; variable: string },
): Error {
  if (errorCode(error) === 'EADDRINUSE') {
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
