import { createSharedCalls, type SharedCalls } from './shared-calls.ts';

/** Call in progress with its items; `end` completes it. */
interface Call {
  readonly items: readonly string[];
  readonly end: (outcomes?: readonly (Error | undefined)[]) => void;
  readonly fail: (error: Error) => void;
}

function start(limits: { maxCalls?: number; maxItems?: number; maxBytes?: number } = {}) {
  const calls: Call[] = [];
  const begin = (items: readonly string[]): Promise<readonly (Error | undefined)[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly (Error | undefined)[]>();
    calls.push({ items, end: (outcomes = items.map(() => undefined)) => resolve(outcomes), fail: reject });
    return promise;
  };
  const write: SharedCalls<string> = createSharedCalls({
    ...{ maxCalls: 1, maxItems: 10, maxBytes: 100, bytesOf: (item: string) => item.length, ...limits },
    alone: async (item) => {
      await begin([item]);
    },
    together: begin,
  });
  return { calls, write };
}

const settled = async () => new Promise(setImmediate);

describe('shared calls', () => {
  it('have one item each below the limit of calls, and contain all waiting items above it', async () => {
    const { calls, write } = start({ maxCalls: 2 });
    const writes = ['a', 'b', 'c', 'd'].map((item) => write(item));
    expect(calls.map(({ items }) => items)).toEqual([['a'], ['b']]);
    calls[0]?.end();
    await writes[0];
    await settled();
    expect(calls.at(-1)?.items).toEqual(['c', 'd']);
    for (const { end } of calls) end();
    await Promise.all(writes);
    await Promise.all([write('e'), settled().then(() => calls.at(-1)?.end())]);
    expect(calls.map(({ items }) => items)).toEqual([['a'], ['b'], ['c', 'd'], ['e']]);
  });

  it('settle each item with its own outcome, and reject all items when the call fails', async () => {
    const { calls, write } = start();
    const writes = ['a', 'b', 'c'].map((item) => write(item));
    calls[0]?.fail(new Error('lost'));
    await expect(writes[0]).rejects.toThrow('lost');
    await settled();
    calls[1]?.end([undefined, new Error('rejected')]);
    await expect(writes[1]).resolves.toBeUndefined();
    await expect(writes[2]).rejects.toThrow('rejected');
    const more = ['d', 'e', 'f'].map((item) => write(item));
    const failures = Promise.allSettled(more);
    calls[2]?.end();
    await settled();
    calls[3]?.fail(new Error('unavailable'));
    expect((await failures).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('fill up to their limits, and exceed them only for a single larger item', async () => {
    const { calls, write } = start({ maxItems: 2, maxBytes: 5 });
    const writes = ['a', 'b', 'c', 'd', '12345678', 'e'].map((item) => write(item));
    for (let at = 0; at < 5; at += 1) {
      calls[at]?.end();
      await settled();
    }
    await Promise.all(writes);
    expect(calls.map(({ items }) => items)).toEqual([['a'], ['b', 'c'], ['d'], ['12345678'], ['e']]);
  });

  it('reject an aborted item immediately, whether it is waiting or in progress', async () => {
    const { calls, write } = start();
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const writes = [write('a'), write('b', first.signal), write('c', second.signal), write('d')];
    first.abort(new Error('gone'));
    await expect(writes[1]).rejects.toThrow();
    calls[0]?.end();
    await settled();
    expect(calls[1]?.items).toEqual(['c', 'd']);
    second.abort(new Error('gone'));
    await expect(writes[2]).rejects.toThrow();
    calls[1]?.end();
    await expect(writes[3]).resolves.toBeUndefined();
    third.abort(new Error('gone'));
    await expect(write('e', third.signal)).rejects.toThrow();
    expect(calls).toHaveLength(2);
  });
});
