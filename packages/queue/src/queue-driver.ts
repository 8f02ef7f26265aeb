import type { BackendFactory, IQueueBackend } from 'bullmq';

/** What differs between PostgreSQL and Redis: how BullMQ gets its connections. */
export interface QueueDriver {
  readonly kind: 'postgres' | 'redis';
  /** For sending and counting; the connection is shared by all queues of the process. */
  readonly queueFactory: DriverFactory;
  /** For workers, each of which has connections of its own. */
  readonly workerFactory: DriverFactory;
  /** Closes what the queues share. */
  close(): Promise<void>;
}

/** A BullMQ backend factory that knows its connection itself; the `connection` of the options is ignored. */
export type DriverFactory = BackendFactory<IQueueBackend, object>;

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;

/**
 * BullMQ's main loop asks again at once after any error that is not a refused connection (a server that is starting up,
 * a wrong password, too many connections): thousands of tries a second. This pauses before the error is passed on.
 */
export function withPauseAfterErrors(backend: IQueueBackend): IQueueBackend {
  const moveToActive = backend.moveToActive.bind(backend);
  let pauseMs = FIRST_PAUSE_MS;
  backend.moveToActive = async (token, name) => {
    try {
      const next: unknown[] = await moveToActive(token, name);
      pauseMs = FIRST_PAUSE_MS;
      return next;
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      throw error;
    }
  };
  return backend;
}
