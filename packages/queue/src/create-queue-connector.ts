import { UnavailableError } from '@aion/errors';
import { createQueueBackend } from './create-queue-backend.ts';
import type { CreateQueueBackendOptions } from './create-queue-backend.ts';
import { retryUntilAborted } from './retry-until-aborted.ts';
import type { QueueBackend } from './types.ts';

/** Options of `createQueueConnector`. */
export interface CreateQueueConnectorOptions extends CreateQueueBackendOptions {
  /** Called once with the open backend, for example to start workers; not called after `close()`. */
  readonly onOpen?: (backend: QueueBackend) => void;
}

/** Queue backend that is opened in the background. Services start in any order, so it may not be reachable yet. */
export interface QueueConnector {
  /** Begins to open the backend, and retries until it succeeds or the connector is closed. */
  start(): void;
  /** Resolves when the backend is open, or when the connector is closed before. */
  ready(): Promise<void>;
  /** Returns the open backend. @throws UnavailableError before it is open */
  backend(): QueueBackend;
  /** @throws Error unless an operation on the queue succeeds */
  ping(): Promise<void>;
  /** Stops opening, or closes the backend with its workers. */
  close(): Promise<void>;
}

const RETRY_PAUSE_MS = 1_000;

/** Creates a connector; it connects when it is started. Logs the first failed attempt and the success after it. */
export function createQueueConnector(options: CreateQueueConnectorOptions): QueueConnector {
  const { logger, onOpen } = options;
  const stopping = new AbortController();
  let backend: QueueBackend | undefined;
  let opening: Promise<void> = Promise.resolve();

  const open = async (): Promise<void> => {
    let failures = 0;
    backend = await retryUntilAborted(() => createQueueBackend(options), {
      pauseMs: RETRY_PAUSE_MS,
      signal: stopping.signal,
      onError: (error) => {
        if (failures === 0) logger.warn('Queue unavailable, will retry', { error });
        failures += 1;
      },
    });
    if (backend === undefined) return;
    if (failures > 0) logger.info('Queue connected');
    if (!stopping.signal.aborted) onOpen?.(backend);
  };
  const requireBackend = (): QueueBackend => {
    if (backend === undefined) throw new UnavailableError('The queue is not connected yet.', { retryAfterSeconds: 1 });
    return backend;
  };

  return {
    start: () => {
      opening = open();
    },
    ready: () => opening,
    backend: requireBackend,
    ping: async () => requireBackend().ping(),
    close: async () => {
      stopping.abort();
      await opening;
      await backend?.close();
    },
  };
}
