// In an ES module Jest's own object is not a global.
const { jest } = import.meta;
import { createPeriodicTask } from './periodic-task.ts';

const INTERVAL_MS = 1_000;

/** Creates a task whose runs end when the test finishes them. */
function setUp(options: { readonly firstDelayMs?: number } = {}) {
  const runs: PromiseWithResolvers<void>[] = [];
  const signals: AbortSignal[] = [];
  const errors: unknown[] = [];
  const task = createPeriodicTask({
    run: (signal) => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      signals.push(signal);
      return run.promise;
    },
    intervalMs: INTERVAL_MS,
    onError: (error) => errors.push(error),
    ...options,
  });
  const advance = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const finish = async (index: number, error?: Error) => {
    if (error === undefined) runs[index]?.resolve();
    else runs[index]?.reject(error);
    await advance(0);
  };
  return { task, runs, signals, errors, advance, finish };
}

describe('createPeriodicTask', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('starts the first run immediately and each further one an interval after the end of the last', async () => {
    const { task, runs, advance, finish } = setUp();
    task.start();
    expect(runs).toHaveLength(1);
    await advance(10 * INTERVAL_MS);
    expect(runs).toHaveLength(1);
    await finish(0);
    await advance(INTERVAL_MS - 1);
    expect(runs).toHaveLength(1);
    await advance(1);
    expect(runs).toHaveLength(2);
  });

  it('delays the first run by firstDelayMs', async () => {
    const { task, runs, advance } = setUp({ firstDelayMs: 500 });
    task.start();
    await advance(499);
    expect(runs).toHaveLength(0);
    await advance(1);
    expect(runs).toHaveLength(1);
  });

  it('continues after a failed run and reports its error', async () => {
    const { task, runs, errors, advance, finish } = setUp();
    task.start();
    await finish(0, new Error('no database'));
    expect(errors).toEqual([new Error('no database')]);
    await advance(INTERVAL_MS);
    expect(runs).toHaveLength(2);
  });

  it('continues after a run that throws before it returns a promise', async () => {
    let runs = 0;
    const run = () => {
      runs += 1;
      throw new Error('not a promise');
    };
    const task = createPeriodicTask({ run, intervalMs: INTERVAL_MS, onError: () => undefined });
    task.start();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    task.wake();
    expect(runs).toBe(3);
    await task.stop();
  });

  it('starts a run immediately when it is woken during a pause', async () => {
    const { task, runs, advance, finish } = setUp();
    task.start();
    await finish(0);
    task.wake();
    expect(runs).toHaveLength(2);
    await finish(1);
    await advance(INTERVAL_MS - 1);
    expect(runs).toHaveLength(2);
  });

  it('starts one more run right after the run in progress when it is woken meanwhile', async () => {
    const { task, runs, advance, finish } = setUp();
    task.start();
    task.wake();
    task.wake();
    expect(runs).toHaveLength(1);
    await finish(0);
    expect(runs).toHaveLength(2);
    await finish(1);
    await advance(INTERVAL_MS - 1);
    expect(runs).toHaveLength(2);
  });

  it('ignores wake before start and after stop', async () => {
    const { task, runs, advance, finish } = setUp();
    task.wake();
    expect(runs).toHaveLength(0);
    task.start();
    const stopped = task.stop();
    await finish(0);
    await stopped;
    task.wake();
    await advance(10 * INTERVAL_MS);
    expect(runs).toHaveLength(1);
  });

  it('aborts the signal on stop, and waits for the run in progress', async () => {
    const { task, signals, finish } = setUp();
    task.start();
    expect(signals[0]?.aborted).toBe(false);
    let isStopped = false;
    const stopped = task.stop().then(() => (isStopped = true));
    expect(signals[0]?.aborted).toBe(true);
    await Promise.resolve();
    expect(isStopped).toBe(false);
    await finish(0);
    await stopped;
  });
});
