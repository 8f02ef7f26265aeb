import { createGenerationQueue } from './generation-queue.ts';

const never = new AbortController().signal;

describe('createGenerationQueue', () => {
  it('grants the permit to one caller at a time, in order of arrival', async () => {
    const queue = createGenerationQueue(5);
    const order: number[] = [];
    let running = 0;
    const work = async (index: number): Promise<void> => {
      const release = await queue.acquire(never);
      running += 1;
      expect(running).toBe(1);
      order.push(index);
      await Promise.resolve();
      running -= 1;
      release();
      release();
    };
    await Promise.all([0, 1, 2, 3].map(work));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('rejects callers when the queue is full', async () => {
    const queue = createGenerationQueue(1);
    const release = await queue.acquire(never);
    const second = queue.acquire(never);
    await expect(queue.acquire(never)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    release();
    (await second)();
  });

  it('frees the place of a caller that is aborted while waiting', async () => {
    const queue = createGenerationQueue(1);
    const release = await queue.acquire(never);
    const aborter = new AbortController();
    const second = queue.acquire(aborter.signal);
    aborter.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    const third = queue.acquire(never);
    release();
    (await third)();
    (await queue.acquire(never))();
  });
});
