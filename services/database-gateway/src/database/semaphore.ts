import { NoConnectionError } from './no-connection-error.ts';

/** Semaphore with a bounded queue: callers that find no free permit wait in the order of their arrival. */
export interface Semaphore {
  /** Number of callers in the queue. */
  readonly waiting: number;
  /**
   * Resolves when the caller has a permit, which it must `release()`. A caller whose signal is aborted leaves the queue.
   * @throws NoConnectionError when the queue is full, or no permit becomes free in time
   * @throws the reason of the signal
   */
  acquire(signal?: AbortSignal): Promise<void>;
  release(): void;
}

/** Options of `createSemaphore`. */
export interface SemaphoreOptions {
  readonly permits: number;
  /** Maximum length of the queue. */
  readonly maxWaiting: number;
  /** Maximum time of a caller in the queue. */
  readonly waitMs: number;
}

/** Creates a semaphore with all permits free. */
export function createSemaphore({ permits, maxWaiting, waitMs }: SemaphoreOptions): Semaphore {
  /** Callbacks that pass a permit to a waiting caller. A Set preserves the order and allows removal from the middle. */
  const queue = new Set<() => void>();
  let acquired = 0;

  const wait = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.delete(admit);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const admit = (): void => {
        leave();
        resolve();
      };
      const onAbort = (): void => {
        leave();
        reject(toError(signal?.reason));
      };
      const timer = setTimeout(() => {
        leave();
        reject(new NoConnectionError('timeout'));
      }, waitMs);
      signal?.addEventListener('abort', onAbort);
      queue.add(admit);
    });

  return {
    get waiting() {
      return queue.size;
    },
    acquire: async (signal) => {
      signal?.throwIfAborted();
      if (acquired < permits) acquired += 1;
      else if (queue.size < maxWaiting) await wait(signal);
      else throw new NoConnectionError('queue_full');
    },
    release: () => {
      const [next] = queue;
      // The permit passes directly to the next caller, so that no later one can take it.
      if (next === undefined) acquired -= 1;
      else next();
    },
  };
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The caller has disconnected', { cause: reason });
}
