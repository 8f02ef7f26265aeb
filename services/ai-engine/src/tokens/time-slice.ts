import { setImmediate } from 'node:timers/promises';

/** Shares the event loop during long work. */
export interface TimeSlice {
  /** True when the work has held the event loop for its slice and should call `pause`. */
  isOver(): boolean;
  /**
   * Lets the event loop run, then begins a new slice.
   * @throws the signal's reason when it was aborted.
   */
  pause(): Promise<void>;
}

/** Creates a slice of `sliceMs` of work; the work stops at the first pause after `signal` was aborted. */
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
