import type { BackendFactory, IQueueBackend } from 'bullmq';

/** Connections of BullMQ, the part that differs between PostgreSQL and Redis. */
export interface QueueDriver {
  readonly kind: 'postgres' | 'redis';
  /** Factory for producers; all queues of the process share its connection. */
  readonly queueFactory: DriverFactory;
  /** Factory for workers, each of which has its own connections. */
  readonly workerFactory: DriverFactory;
  /** Closes the shared connection. */
  close(): Promise<void>;
}

/** BullMQ backend factory with its own connection; ignores the `connection` of its options. */
export type DriverFactory = BackendFactory<IQueueBackend, object>;

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;

/**
 * Makes `moveToActive` pause before it throws, with exponential backoff. BullMQ's main loop retries immediately after any
 * error other than a refused connection (a server that is starting, a wrong password, too many connections): thousands
 * of attempts a second.
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
