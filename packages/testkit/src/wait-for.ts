import { setTimeout as sleep } from 'node:timers/promises';

/** Options of {@link waitFor}. */
export interface WaitForOptions {
  /** Description of the condition, which completes the sentence "timed out waiting for ...". */
  readonly describe: string;
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Interval between two calls of the predicate. Default 20. */
  readonly intervalMs?: number;
}

type Falsy = false | 0 | '' | null | undefined;

/**
 * Calls `predicate` until it returns a truthy value, and returns that value. An error counts as a falsy result.
 *
 * @throws Error after the timeout, with the last error of the predicate as its cause
 */
export async function waitFor<T>(predicate: () => T | Falsy | Promise<T | Falsy>, options: WaitForOptions): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 20 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await predicate();
      if (value) return value;
    } catch (error) {
      failure = error;
    }
    if (Date.now() >= deadline) {
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${options.describe}`, { cause: failure });
    }
    await sleep(intervalMs);
  }
}
