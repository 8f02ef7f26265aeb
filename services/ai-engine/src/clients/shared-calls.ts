import { AsyncLocalStorage } from 'node:async_hooks';
import { toAionError } from '@aion/errors';

/** Options of `createSharedCalls`. */
export interface SharedCallsOptions<T> {
  /** Limit of concurrent calls; below it, each item has its own call. */
  readonly maxCalls: number;
  /** Limit of items in a call. */
  readonly maxItems: number;
  /** Limit of bytes in a call, as measured by `bytesOf`. */
  readonly maxBytes: number;
  readonly bytesOf: (item: T) => number;
  /** Calls with a single item, in the context of its request. */
  readonly alone: (item: T, signal: AbortSignal | undefined) => Promise<void>;
  /** Calls with several items. @returns the error of each item in order, undefined for success */
  readonly together: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>;
}

/** Writes an item. Rejects immediately when the signal is aborted; a call shared with other items continues. */
export type SharedCalls<T> = (item: T, signal?: AbortSignal) => Promise<void>;

interface Entry<T> {
  readonly item: T;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Runs a function in the context of the item's request, with its trace and deadline. */
  readonly inContext: <R>(run: () => R) => R;
}

/** Creates a batcher: items that must wait for a call share the next one. No item is delayed to fill a batch. */
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
