import { runCancellable } from './run-cancellable.ts';

describe('runCancellable', () => {
  it('repeats a cancellation that arrived too early to have an effect', async () => {
    const leaving = new AbortController();
    const statement = Promise.withResolvers<never>();
    let cancellations = 0;
    const cancel = () => {
      cancellations += 1;
      if (cancellations === 2) statement.reject(new Error('cancelled'));
      return Promise.resolve();
    };
    const running = runCancellable(() => statement.promise, cancel, leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(cancellations).toBe(2);
  });

  it('does not return while a cancellation is in progress, which would affect the next statement', async () => {
    const leaving = new AbortController();
    const statement = Promise.withResolvers<string>();
    const cancellation = Promise.withResolvers<undefined>();
    let isOver = false;
    const running = runCancellable(
      () => statement.promise,
      () => cancellation.promise,
      leaving.signal,
    ).then((result) => {
      isOver = true;
      return result;
    });
    leaving.abort(new Error('gone'));
    statement.resolve('done');
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    cancellation.resolve(undefined);
    expect(await running).toBe('done');
  });

  it('cancels no statement that has ended, and starts none when its caller has disconnected', async () => {
    const leaving = new AbortController();
    let cancellations = 0;
    const cancel = () => Promise.resolve(void (cancellations += 1));
    await runCancellable(() => Promise.resolve(), cancel, leaving.signal);
    leaving.abort(new Error('gone'));
    let hasBegun = false;
    const begin = () => Promise.resolve((hasBegun = true));
    await expect(runCancellable(begin, cancel, leaving.signal)).rejects.toThrow('gone');
    expect([hasBegun, cancellations]).toEqual([false, 0]);
  });
});
