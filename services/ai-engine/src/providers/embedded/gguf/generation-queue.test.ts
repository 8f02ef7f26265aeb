import { createGenerationQueue } from './generation-queue.ts';

const never = new AbortController().signal;

describe('createGenerationQueue', () => {
  it('lets one run at a time, in order of arrival', async () => {
    const queue = createGenerationQueue(5);
    const order: number[] = [];
    let running = 0;
    const work = async (index: number): Promise<void> => {
      const leave = await queue.enter(never);
      running += 1;
      expect(running).toBe(1);
      order.push(index);
      await Promise.resolve();
      running -= 1;
      leave();
      leave();
    };
    await Promise.all([0, 1, 2, 3].map(work));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('refuses more than may wait', async () => {
    const queue = createGenerationQueue(1);
    const leave = await queue.enter(never);
    const second = queue.enter(never);
    await expect(queue.enter(never)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    leave();
    (await second)();
  });

  it('gives up the place of one that is aborted while waiting', async () => {
    const queue = createGenerationQueue(1);
    const leave = await queue.enter(never);
    const aborter = new AbortController();
    const second = queue.enter(aborter.signal);
    aborter.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    const third = queue.enter(never);
    leave();
    (await third)();
    (await queue.enter(never))();
  });
});
