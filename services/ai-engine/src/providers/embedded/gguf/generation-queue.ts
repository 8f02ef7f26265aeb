import { UnavailableError } from '@aion/errors';

/** Lets one generation run at a time. */
export interface GenerationQueue {
  /**
   * Waits for this caller's turn, in order of arrival; the returned function ends the turn (further calls do nothing).
   * @throws UnavailableError when too many wait already; the signal's reason when it is aborted while waiting.
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

/**
 * Creates a queue in which at most `maxWaiting` wait. All models share one: the threads of llama.cpp spin at barriers,
 * and two models computing at once on the same cores slow one another down by orders of magnitude.
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
    enter: async (signal) => {
      signal.throwIfAborted();
      if (!isBusy) {
        isBusy = true;
        return createRelease();
      }
      if (waiting.length >= maxWaiting) {
        throw new UnavailableError(
          `The embedded model is busy and ${maxWaiting} requests wait for it already: try again later.`,
        );
      }
      await waitForTurn(waiting, signal);
      return createRelease();
    },
  };
}

function waitForTurn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onTurn = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      waiting.splice(waiting.indexOf(onTurn), 1);
      // An abort signal's reason is whatever its owner gave: it is passed on as it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal.reason);
    };
    waiting.push(onTurn);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
