import { NoConnectionError } from './no-connection-error.ts';

/** Gives out a fixed number of places; who finds none waits in a line of bounded length, first come, first served. */
export interface WaitingLine {
  /** How many callers wait. */
  readonly waiting: number;
  /**
   * Resolves when a place is the caller's, who must `leave()` it. A caller whose signal is aborted waits no longer.
   * @throws NoConnectionError when the line is full, or no place is free in time
   * @throws the reason of the signal
   */
  enter(signal?: AbortSignal): Promise<void>;
  leave(): void;
}

/** What a line is made of. */
export interface WaitingLineOptions {
  readonly places: number;
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/** Creates a line with all places free. */
export function createWaitingLine({ places, maxWaiting, waitMs }: WaitingLineOptions): WaitingLine {
  /** What gives each waiting caller its place. A Set keeps the order of arrival, and lets one go from its middle. */
  const line = new Set<() => void>();
  let taken = 0;

  const wait = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const stepOut = (): void => {
        line.delete(admit);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const admit = (): void => {
        stepOut();
        resolve();
      };
      const onAbort = (): void => {
        stepOut();
        reject(toError(signal?.reason));
      };
      const timer = setTimeout(() => {
        stepOut();
        reject(new NoConnectionError('timeout'));
      }, waitMs);
      signal?.addEventListener('abort', onAbort);
      line.add(admit);
    });

  return {
    get waiting() {
      return line.size;
    },
    enter: async (signal) => {
      signal?.throwIfAborted();
      if (taken < places) taken += 1;
      else if (line.size < maxWaiting) await wait(signal);
      else throw new NoConnectionError('line_full');
    },
    leave: () => {
      const [next] = line;
      // The place goes from hand to hand: nobody who comes meanwhile can take it.
      if (next === undefined) taken -= 1;
      else next();
    },
  };
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The caller has gone', { cause: reason });
}
