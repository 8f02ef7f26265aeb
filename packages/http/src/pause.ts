import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or less when the signal is aborted meanwhile: whoever loops looks at it next. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
