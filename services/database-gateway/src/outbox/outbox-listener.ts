import type { Logger } from '@aion/logging';
import pg from 'pg';

/** Listener for notifications of committed outbox rows. A missed notification costs one pause of the relay's polling. */
export interface OutboxListener {
  start(): void;
  stop(): Promise<void>;
}

const RECONNECT_MS = 2_000;

/** Creates a listener with its own connection, which reconnects when the connection is lost. */
export function createOutboxListener(options: {
  readonly url: string;
  readonly onNotification: () => void;
  readonly logger: Logger;
  readonly reconnectMs?: number;
}): OutboxListener {
  const { logger, reconnectMs = RECONNECT_MS } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let client: pg.Client | undefined;
  let connecting: Promise<void> = Promise.resolve();

  const connect = async (): Promise<void> => {
    const candidate = new pg.Client({
      connectionString: options.url,
      application_name: 'aion-database-gateway outbox',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    client = candidate;
    candidate.on('notification', options.onNotification);
    candidate.on('error', (error) => logger.debug('Connection of the outbox listener lost', { error }));
    candidate.once('end', () => {
      if (!stopped) timer = setTimeout(start, reconnectMs);
    });
    try {
      await candidate.connect();
      await candidate.query('LISTEN aion_outbox');
      // Covers notifications that were sent while no connection was open.
      options.onNotification();
    } catch (error) {
      logger.warn('Outbox listener could not connect, polling continues', { error });
      await candidate.end();
    }
  };
  const start = (): void => {
    connecting = connect();
  };
  return {
    start,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await connecting;
      await client?.end();
    },
  };
}
