import { once, type EventEmitter } from 'node:events';
import pg from 'pg';

const TIMEOUT_MS = 5_000;

/** What pg has, but its types do not: how a backend is addressed. */
interface BackendKey {
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** What pg has, but its types do not: a connection before anybody has signed in. */
interface RawConnection extends EventEmitter {
  readonly ssl: unknown;
  readonly sslNegotiation: string;
  readonly stream: { destroy(): void };
  connect(portOrSocket: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/**
 * Asks the server to cancel what a connection is running, by a CancelRequest of the protocol (PostgreSQL, 54.2.8): it needs
 * no sign-in and no free connection, poolers pass it on, and it is encrypted where the connection is. Resolves when the
 * server has dealt with it; whether it found a statement is seen by that statement's end.
 * @throws when the server cannot be reached
 */
export async function cancelStatement(url: string, client: pg.ClientBase): Promise<void> {
  // Casts, because the types of pg leave both out; pg's own `Client.cancel` uses them, but never encrypts.
  const { processID, secretKey } = client as unknown as BackendKey;
  if (processID === null || secretKey === null) return;
  const { host, port, connection: typed } = new pg.Client({ connectionString: url });
  const connection = typed as unknown as RawConnection;
  const send = (): void => connection.cancel(processID, secretKey);
  connection.on('connect', () => {
    if (connection.ssl === false) send();
    else if (connection.sslNegotiation !== 'direct') connection.requestSsl();
  });
  connection.on('sslconnect', send);
  // A second error, after the one that `once` tells of, would end the process.
  connection.on('error', () => undefined);
  const ended = once(connection, 'end', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  try {
    await ended;
  } finally {
    connection.stream.destroy();
  }
}
