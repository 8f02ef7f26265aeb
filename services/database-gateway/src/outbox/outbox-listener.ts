import type { Logger } from '@aion/logging';
import pg from 'pg';

/** Hears of new outbox rows as they are committed. A missed announcement costs one pause of the relay's polling. */
export interface OutboxListener {
  start(): void;
  stop(): Promise<void>;
}

const RECONNECT_MS = 2_000;

/** Creates a listener on a connection of its own, which it opens anew when it breaks. */
export function createOutboxListener(options: {
  readonly url: string;
  readonly onAnnouncement: () => void;
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
    candidate.on('notification', options.onAnnouncement);
    candidate.on('error', (error) => logger.debug('The connection that hears of the outbox broke', { error }));
    candidate.once('end', () => {
      if (!stopped) timer = setTimeout(start, reconnectMs);
    });
    try {
      await candidate.connect();
      await candidate.query('LISTEN aion_outbox');
      // Whatever was announced while nobody listened.
      options.onAnnouncement();
    } catch (error) {
      logger.warn('The outbox cannot be listened to; it is polled', { error });
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
