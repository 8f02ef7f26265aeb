import { setTimeout as sleep } from 'node:timers/promises';

/** Options of {@link waitFor}. */
export interface WaitForOptions {
  /** What is waited for, as it should read after "timed out waiting for". */
  readonly describe: string;
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Pause between two looks; default 20. */
  readonly intervalMs?: number;
}

type Falsy = false | 0 | '' | null | undefined;

/**
 * Looks until `predicate` gives something truthy, and gives that. A predicate that throws counts as not yet.
 *
 * @throws Error when the time is over, with the last error of the predicate as its cause.
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
