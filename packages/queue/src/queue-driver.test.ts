// In an ES module Jest's own object is not a global.
const { jest } = import.meta;
import type { IQueueBackend } from 'bullmq';
import { withPauseAfterErrors } from './queue-driver.ts';

describe('withPauseAfterErrors', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('delays each error by a pause that doubles up to two seconds and is reset by a success', async () => {
    let fails = true;
    const moveToActive = () => (fails ? Promise.reject(new Error('starting up')) : Promise.resolve(['a job']));
    // The only method of the backend that is used.
    const backend = withPauseAfterErrors({ moveToActive } as unknown as IQueueBackend);
    const pauseOf = async (): Promise<number> => {
      const startedAt = Date.now();
      const rejected = expect(backend.moveToActive('token')).rejects.toThrow('starting up');
      await jest.runAllTimersAsync();
      await rejected;
      return Date.now() - startedAt;
    };
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) pauses.push(await pauseOf());
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
    fails = false;
    expect(await backend.moveToActive('token')).toEqual(['a job']);
    fails = true;
    expect(await pauseOf()).toBe(100);
  });
});
