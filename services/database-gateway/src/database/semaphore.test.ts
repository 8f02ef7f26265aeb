import { createSemaphore } from './semaphore.ts';

const createExhausted = (options: { maxWaiting?: number; waitMs?: number } = {}) => {
  const semaphore = createSemaphore({ permits: 1, maxWaiting: 10, waitMs: 60_000, ...options });
  return semaphore.acquire().then(() => semaphore);
};

describe('semaphore of connections', () => {
  it('passes a released permit to the caller that has waited longest', async () => {
    const semaphore = await createExhausted();
    const order: string[] = [];
    const entered = ['first', 'second'].map((name) => semaphore.acquire().then(() => order.push(name)));
    expect(semaphore.waiting).toBe(2);
    semaphore.release();
    await entered[0];
    expect([order, semaphore.waiting]).toEqual([['first'], 1]);
    semaphore.release();
    await entered[1];
    semaphore.release();
    await semaphore.acquire();
    expect(semaphore.waiting).toBe(0);
  });

  it('does not give a permit to a new caller while it passes to a waiting one', async () => {
    const semaphore = await createExhausted({ maxWaiting: 1 });
    const waiting = semaphore.acquire();
    semaphore.release();
    const late = semaphore.acquire();
    await waiting;
    expect(semaphore.waiting).toBe(1);
    semaphore.release();
    await late;
  });

  it('rejects callers when the queue is full, and callers that have waited too long', async () => {
    const semaphore = await createExhausted({ maxWaiting: 1, waitMs: 30 });
    const waiting = semaphore.acquire();
    await expect(semaphore.acquire()).rejects.toMatchObject({
      reason: 'queue_full',
      code: 'UNAVAILABLE',
      retryAfterSeconds: 1,
    });
    await expect(waiting).rejects.toMatchObject({ reason: 'timeout', code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    expect(semaphore.waiting).toBe(0);
  });

  it('removes a caller that has disconnected from the queue, and passes the permit to the next one', async () => {
    const semaphore = await createExhausted();
    const leaving = new AbortController();
    const gone = semaphore.acquire(leaving.signal);
    const next = semaphore.acquire();
    leaving.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    expect(semaphore.waiting).toBe(1);
    semaphore.release();
    await next;
    await expect(semaphore.acquire(leaving.signal)).rejects.toThrow('gone');
  });
});
