import { setTimeout as sleep } from 'node:timers/promises';
import { retryUntilAborted } from './retry-until-aborted.ts';

describe('retryUntilAborted', () => {
  it('pauses after each failed attempt, reports its error, and returns the value of the first success', async () => {
    const startedAt = performance.now();
    const errors: unknown[] = [];
    let attempts = 0;
    const attempt = async (): Promise<string> => {
      attempts++;
      if (attempts < 3) throw new Error(`attempt ${attempts}`);
      return 'connected';
    };
    const { signal } = new AbortController();
    const onError = (error: unknown) => void errors.push(error);
    expect(await retryUntilAborted(attempt, { pauseMs: 20, signal, onError })).toBe('connected');
    expect(errors).toEqual([new Error('attempt 1'), new Error('attempt 2')]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(38);
  });

  it('returns undefined without waiting for the pause when the signal is aborted', async () => {
    const stopping = new AbortController();
    let attempts = 0;
    const attempt = async (): Promise<never> => {
      attempts++;
      throw new Error('unreachable');
    };
    const retried = retryUntilAborted(attempt, {
      pauseMs: 60_000,
      signal: stopping.signal,
      onError: () => undefined,
    });
    await sleep(5);
    stopping.abort();
    expect(await retried).toBeUndefined();
    expect(attempts).toBe(1);
  });

  it('makes no attempt when the signal is already aborted', async () => {
    const attempt = () => Promise.reject(new Error('attempted'));
    const onError = (error: unknown) => {
      throw error;
    };
    const options = { pauseMs: 1, signal: AbortSignal.abort(), onError };
    expect(await retryUntilAborted(attempt, options)).toBeUndefined();
  });

  it('returns the value of an attempt that succeeds after the signal was aborted', async () => {
    const stopping = new AbortController();
    const attempt = async (): Promise<string> => {
      stopping.abort();
      return 'connected';
    };
    const options = { pauseMs: 1, signal: stopping.signal, onError: () => undefined };
    expect(await retryUntilAborted(attempt, options)).toBe('connected');
  });
});
