import { UnavailableError } from '@aion/errors';

/** Semaphore with one permit and a bounded queue. */
export interface GenerationQueue {
  /**
   * Waits for the permit, first come first served. The returned function releases it; further calls have no effect.
   * @throws UnavailableError when the queue is full; the signal's reason when it is aborted while waiting
   */
  acquire(signal: AbortSignal): Promise<() => void>;
}

/**
 * Creates a queue for at most `maxWaiting` callers. All models share one: the threads of llama.cpp spin at barriers, and
 * two models that compute concurrently on the same cores slow each other down by orders of magnitude.
 */
export function createGenerationQueue(maxWaiting: number): GenerationQueue {
  const waiting: (() => void)[] = [];
  let isBusy = false;

  const createRelease = (): (() => void) => {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const next = waiting.shift();
      if (next === undefined) isBusy = false;
      else next();
    };
  };

  return {
    acquire: async (signal) => {
      signal.throwIfAborted();
      if (!isBusy) {
        isBusy = true;
        return createRelease();
      }
      if (waiting.length >= maxWaiting) {
        throw new UnavailableError(
          `The embedded model is busy and its queue of ${maxWaiting} requests is full. Try again later.`,
        );
      }
      await waitForPermit(waiting, signal);
      return createRelease();
    },
  };
}

function waitForPermit(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onPermit = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      waiting.splice(waiting.indexOf(onPermit), 1);
      // The reason of an abort signal may be any value; it is passed on unchanged.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal.reason);
    };
    waiting.push(onPermit);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
