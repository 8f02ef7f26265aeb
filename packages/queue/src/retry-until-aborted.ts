import { setTimeout as sleep } from 'node:timers/promises';
import { ConstantBackoff, handleAll, retry } from 'cockatiel';

/** Options of `retryUntilAborted`. */
export interface RetryUntilAbortedOptions {
  /** Pause after a failed attempt; ends early when `signal` is aborted. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  /** Called with the error of each failed attempt, before the pause. */
  readonly onError: (error: unknown) => void | Promise<void>;
}

/** Policy without a pause of its own: cockatiel's backoff does not end when the signal is aborted. */
const policy = retry(handleAll, { maxAttempts: Infinity, backoff: new ConstantBackoff(0) });

/**
 * Runs `attempt` until it succeeds, and returns its value. When `signal` is aborted it returns undefined: immediately
 * during a pause, otherwise when the attempt in progress has failed.
 */
export async function retryUntilAborted<T>(
  attempt: () => Promise<T>,
  options: RetryUntilAbortedOptions,
): Promise<T | undefined> {
  const { pauseMs, signal, onError } = options;
  try {
    return await policy.execute(async (context) => {
      signal.throwIfAborted();
      if (context.attempt > 0) await sleep(pauseMs, undefined, { signal });
      try {
        return await attempt();
      } catch (error) {
        await onError(error);
        throw error;
      }
    }, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
