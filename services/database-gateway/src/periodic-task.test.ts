import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@aion/testkit';
import { createPeriodicTask } from './periodic-task.ts';

const HOUR_MS = 3_600_000;

describe('periodic task', () => {
  it('runs again after the pause, also when a run has failed', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const task = createPeriodicTask({
      run: () => (++runs === 1 ? Promise.reject(new Error('failed')) : Promise.resolve()),
      pauseMs: 1,
      onError: (error) => errors.push(error),
    });
    task.start();
    await waitFor(() => runs >= 3, { describe: 'the third run' });
    await task.stop();
    expect(errors).toEqual([new Error('failed')]);
  });

  it('runs immediately when it is woken, and once more when it is woken during a run', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const task = createPeriodicTask({
      run: () => gates[runs++]?.promise ?? Promise.resolve(),
      pauseMs: HOUR_MS,
      onError: () => undefined,
    });
    task.start();
    task.wake();
    task.wake();
    expect(runs).toBe(1);
    gates[0]?.resolve();
    await waitFor(() => runs === 2, { describe: 'the run that was requested during the first' });
    gates[1]?.resolve();
    await sleep(20);
    expect(runs).toBe(2);
    task.wake();
    expect(runs).toBe(3);
    await task.stop();
  });

  it('waits at its stop for the run in progress, and starts no further one', async () => {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const task = createPeriodicTask({
      run: () => {
        runs += 1;
        return gate.promise;
      },
      pauseMs: 0,
      onError: () => undefined,
    });
    task.start();
    task.wake();
    const stopped = task.stop();
    gate.resolve();
    await stopped;
    task.wake();
    await sleep(20);
    expect(runs).toBe(1);
  });
});
