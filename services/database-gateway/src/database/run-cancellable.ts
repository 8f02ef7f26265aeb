import { setTimeout as sleep } from 'node:timers/promises';

/** Options of statements that are cancelled when their caller disconnects. */
export interface StatementOptions {
  /** Aborted when the result is no longer needed; its reason is thrown then. */
  readonly signal?: AbortSignal | undefined;
}

/** A cancellation that arrives before the server has read the statement has no effect, so it is repeated. */
const REPEAT_MS = 200;

/**
 * Runs one statement, and cancels it when the signal is aborted. Returns only when no cancellation is in progress: a late
 * one would cancel the next statement of the connection.
 * @param cancel must not reject
 * @throws the reason of the signal when it is aborted before the statement has ended
 */
export async function runCancellable<T>(
  run: () => Promise<T>,
  cancel: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return run();
  signal.throwIfAborted();
  const end = new AbortController();
  let cancelling: Promise<void> | undefined;
  const onAbort = (): void => {
    cancelling = repeatUntil(end.signal, cancel);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await run();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    end.abort();
    await cancelling;
  }
}

async function repeatUntil(ended: AbortSignal, run: () => Promise<void>): Promise<void> {
  while (!ended.aborted) {
    await run();
    // The end of the statement ends the pause early.
    await sleep(REPEAT_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}
