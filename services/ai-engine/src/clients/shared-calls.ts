import { AsyncLocalStorage } from 'node:async_hooks';
import { toAionError } from '@aion/errors';

/** How calls are shared. */
export interface SharedCallsOptions<T> {
  /** While fewer calls than this are on their way, each item has a call of its own. */
  readonly maxCalls: number;
  /** The most items of a call. */
  readonly maxItems: number;
  /** The most bytes of a call, as `bytesOf` counts them. */
  readonly maxBytes: number;
  readonly bytesOf: (item: T) => number;
  /** Makes the call of one item, for its request. */
  readonly alone: (item: T, signal: AbortSignal | undefined) => Promise<void>;
  /** Makes one call for several items. @returns for each, in their order, why it failed, if it did */
  readonly together: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>;
}

/** Writes an item. Rejects at once when the signal is aborted; a call that others share goes on. */
export type SharedCalls<T> = (item: T, signal?: AbortSignal) => Promise<void>;

interface Entry<T> {
  readonly item: T;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Runs in the context of the item's request: its trace, its deadline. */
  readonly inContext: <R>(run: () => R) => R;
}

/** Lets items share a call that would otherwise wait for one: nobody waits longer to be in company. */
export function createSharedCalls<T>(options: SharedCallsOptions<T>): SharedCalls<T> {
  const waiting: Entry<T>[] = [];
  let calls = 0;

  const run = async (group: readonly Entry<T>[]): Promise<void> => {
    const [first] = group;
    if (first === undefined) return;
    try {
      if (group.length === 1) {
        await first.inContext(() => options.alone(first.item, first.signal));
        first.resolve();
        return;
      }
      const outcomes = await first.inContext(() => options.together(group.map(({ item }) => item)));
      group.forEach(({ resolve, reject }, at) => {
        const failure = outcomes[at];
        if (failure === undefined) resolve();
        else reject(failure);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };
  const proceed = async (): Promise<void> => {
    calls += 1;
    for (let group = takeGroup(waiting, options); group.length > 0; group = takeGroup(waiting, options)) {
      await run(group);
    }
    calls -= 1;
  };

  return (item, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const entry: Entry<T> = { item, signal, resolve, reject, inContext: AsyncLocalStorage.snapshot() };
      waiting.push(entry);
      signal?.addEventListener('abort', () => {
        const at = waiting.indexOf(entry);
        if (at !== -1) waiting.splice(at, 1);
        reject(toAionError(signal.reason));
      });
      if (calls < options.maxCalls) void proceed();
    });
}

function takeGroup<T>(waiting: Entry<T>[], { maxItems, maxBytes, bytesOf }: SharedCallsOptions<T>): Entry<T>[] {
  let bytes = 0;
  let count = 0;
  for (const { item } of waiting.slice(0, maxItems)) {
    bytes += waiting.length === 1 ? 0 : bytesOf(item);
    if (count > 0 && bytes > maxBytes) break;
    count += 1;
  }
  return waiting.splice(0, count);
}
