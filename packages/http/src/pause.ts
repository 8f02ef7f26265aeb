import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for `delayMs`; resolves early when the signal is aborted, so that loops check the signal next. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
