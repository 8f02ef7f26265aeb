import { AsyncLocalStorage } from 'node:async_hooks';
import { UnavailableError } from '@aion/errors';
import { isRowViolation } from '../database/is-row-violation.ts';

/** What a group holds at most: a statement of bounded length, and content of bounded size. */
const MAX_ITEMS = 256;
const MAX_BYTES = 4 * 1_048_576;
/** More of one tenant than this are turned away: they would wait longer than their callers do. */
const MAX_WAITING = 4_096;

/** What can be written together with others. */
export interface GroupItem {
  readonly id: string;
  /** About how much memory it takes. */
  readonly bytes: number;
}

/** How groups are written. */
export interface GroupCommitOptions<T extends GroupItem> {
  /**
   * Writes items of one tenant, with ids that differ, in one transaction.
   * @returns for each item, in their order, what its caller is to hear instead of success
   * @throws what fails the whole transaction
   */
  readonly write: (tenantId: string, items: readonly T[]) => Promise<readonly (Error | undefined)[]>;
}

/** Writes an item of a tenant. Resolves when it is durable. @throws what came of this item, never what came of another */
export type GroupCommit<T extends GroupItem> = (tenantId: string, item: T) => Promise<void>;

interface Entry<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Runs in the context of the item's request, so that spans and log lines find theirs. */
  readonly inContext: <R>(run: () => R) => R;
}

/**
 * Shares transactions among requests: what arrives while a transaction of the same tenant is on its way goes into the next
 * one, so that a busy tenant pays one COMMIT for many rows and a lone request waits for nobody. A row that the database
 * refuses fails alone: its group is halved until it is found.
 */
export function createGroupCommit<T extends GroupItem>({ write }: GroupCommitOptions<T>): GroupCommit<T> {
  const waiting = new Map<string, Entry<T>[]>();

  const drain = async (tenantId: string, entries: Entry<T>[]): Promise<void> => {
    for (let group = takeGroup(entries); group.length > 0; group = takeGroup(entries)) {
      await writeGroup(tenantId, group);
    }
    waiting.delete(tenantId);
  };
  const writeGroup = async (tenantId: string, group: readonly Entry<T>[]): Promise<void> => {
    const [first] = group;
    if (first === undefined) return;
    try {
      const outcomes = await first.inContext(() =>
        write(
          tenantId,
          group.map(({ item }) => item),
        ),
      );
      group.forEach(({ resolve, reject }, at) => {
        const failure = outcomes[at];
        if (failure === undefined) resolve();
        else reject(failure);
      });
    } catch (error) {
      if (group.length === 1 || !isRowViolation(error)) {
        for (const { reject } of group) reject(error);
        return;
      }
      const half = Math.ceil(group.length / 2);
      await writeGroup(tenantId, group.slice(0, half));
      await writeGroup(tenantId, group.slice(half));
    }
  };

  return (tenantId, item) =>
    new Promise((resolve, reject) => {
      const entry = { item, resolve, reject, inContext: AsyncLocalStorage.snapshot() };
      const entries = waiting.get(tenantId);
      if (entries === undefined) {
        const opened = [entry];
        waiting.set(tenantId, opened);
        // After the requests that have arrived together with this one.
        setImmediate(() => void drain(tenantId, opened));
      } else if (entries.length < MAX_WAITING) {
        entries.push(entry);
      } else {
        reject(new UnavailableError('Too many writes of this tenant are waiting.', { retryAfterSeconds: 1 }));
      }
    });
}

/** Takes as many from the front as a transaction may hold; an id that is there twice waits for the next one. */
function takeGroup<T extends GroupItem>(entries: Entry<T>[]): Entry<T>[] {
  const ids = new Set<string>();
  let bytes = 0;
  let count = 0;
  for (const { item } of entries) {
    bytes += item.bytes;
    if (ids.has(item.id) || count === MAX_ITEMS || (count > 0 && bytes > MAX_BYTES)) break;
    ids.add(item.id);
    count += 1;
  }
  return entries.splice(0, count);
}
