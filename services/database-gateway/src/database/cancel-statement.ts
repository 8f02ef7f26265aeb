import { once, type EventEmitter } from 'node:events';
import pg from 'pg';

const TIMEOUT_MS = 5_000;

/** Properties of a pg client that its types omit: the key that addresses its backend. */
interface BackendKey {
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** Connection of pg before authentication, which its types omit. */
interface RawConnection extends EventEmitter {
  readonly ssl: unknown;
  readonly sslNegotiation: string;
  readonly stream: { destroy(): void };
  connect(portOrSocket: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/**
 * Requests the cancellation of the running statement of a connection with a CancelRequest of the protocol (PostgreSQL,
 * 54.2.8): it needs no authentication and no free connection, poolers forward it, and it is encrypted if the connection is.
 * Resolves when the server has handled it; the result is visible only at the end of the statement.
 * @throws when the server cannot be reached
 */
export async function cancelStatement(url: string, client: pg.ClientBase): Promise<void> {
  // Casts, because the types of pg omit both; `Client.cancel` of pg uses them, but never encrypts.
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
  // A second error, after the one that `once` rejects with, would end the process.
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
