import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '@aion/errors';
import type { Metrics } from '@aion/metrics';
import { refuseMalformed } from './refuse-malformed.ts';

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Takes no new requests, lets the running ones end for `graceMs`, then breaks them off. May be called again. */
  close(graceMs: number): Promise<void>;
}

/** Failed to listen; the message says what to do. */
export class ListenError extends Error {
  readonly code = 'CANNOT_LISTEN';
}

/** Listens on an address; port 0 takes a free one. @throws ListenError */
export async function listen(
  handler: RequestListener,
  address: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly variable: string;
    /** Shows the number of connections. */
    readonly metrics?: Metrics;
    /** How long a whole request may take to arrive, default 5 minutes; the app's own limits are usually shorter. */
    readonly requestTimeoutMs?: number;
  },
): Promise<HttpServer> {
  const server = createServer(handler);
  refuseMalformed(server);
  if (address.requestTimeoutMs !== undefined) server.requestTimeout = address.requestTimeoutMs;
  // Longer than the clients' keep-alive, so that the client is the one that closes an idle connection.
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
        const breakOff = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close((error) => {
          clearTimeout(breakOff);
          if (error === undefined) resolve();
          else reject(error);
        });
        connections.endIdle();
      })),
  };
}

/**
 * Knows which connections have no request in progress. `closeIdleConnections` leaves those alone that have never had
 * one, which clients open in advance: a server would wait its whole grace period for them.
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
