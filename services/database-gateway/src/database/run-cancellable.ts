import { setTimeout as sleep } from 'node:timers/promises';

/** Whose statements are cancelled when their caller goes. */
export interface StatementOptions {
  /** Aborted when nobody waits for the result any more; its reason is what is thrown then. */
  readonly signal?: AbortSignal | undefined;
}

/** A cancellation that came before the server had read the statement has hit nothing. */
const REPEAT_MS = 200;

/**
 * Runs one statement, and cancels it when the signal is aborted. It returns only when no cancellation is under way: a late
 * one would hit what the connection runs next.
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
    // The end cuts the pause short.
    await sleep(REPEAT_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}
