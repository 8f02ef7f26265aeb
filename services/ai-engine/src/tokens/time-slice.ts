import { setImmediate } from 'node:timers/promises';

/** Time limit for synchronous work, after which it lets the event loop run. */
export interface TimeSlice {
  /** Returns true when the slice is used up and the work should call `pause`. */
  isOver(): boolean;
  /**
   * Lets the event loop run, then begins a new slice.
   * @throws the signal's reason when it is aborted
   */
  pause(): Promise<void>;
}

/** Creates a slice of `sliceMs`; the first pause after `signal` is aborted throws. */
export function createTimeSlice(signal: AbortSignal, sliceMs: number): TimeSlice {
  let startedAt = performance.now();
  return {
    isOver: () => performance.now() - startedAt >= sliceMs,
    pause: async () => {
      await setImmediate();
      signal.throwIfAborted();
      startedAt = performance.now();
    },
  };
}
