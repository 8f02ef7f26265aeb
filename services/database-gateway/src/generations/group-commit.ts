import { AsyncLocalStorage } from 'node:async_hooks';
import { UnavailableError } from '@aion/errors';
import { isRowViolation } from '../database/is-row-violation.ts';

/** What a group holds at most: a statement of bounded length, and content of bounded size. */
const MAX_ITEMS = 256;
const MAX_BYTES = 4 * 1_048_576;
/** More of one tenant than this are turned away: they would wait longer than their callers do. */
const MAX_WAITING = 4_096;
/** What waits and what is being written is in memory: of one tenant, so that others have room, and of all together. */
const MAX_TENANT_BYTES = 64 * 1_048_576;
const MAX_TOTAL_BYTES = 256 * 1_048_576;

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

/**
 * Writes an item of a tenant. Resolves when it is durable.
 * @throws what came of this item, never what came of another; UnavailableError when too much waits already
 */
export type GroupCommit<T extends GroupItem> = (tenantId: string, item: T) => Promise<void>;

interface Entry<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Runs in the context of the item's request, so that spans and log lines find theirs. */
  readonly inContext: <R>(run: () => R) => R;
}

/** What a tenant has on its way. */
interface Line<T> {
  /** Not in a transaction yet. */
  readonly entries: Entry<T>[];
  /** Of those, and of what is in one. */
  bytes: number;
}

/**
 * Shares transactions among requests: what arrives while a transaction of the same tenant is on its way goes into the next
 * one, so that a busy tenant pays one COMMIT for many rows and a lone request waits for nobody. A row that the database
 * refuses fails alone: its group is halved until it is found.
 */
export function createGroupCommit<T extends GroupItem>({ write }: GroupCommitOptions<T>): GroupCommit<T> {
  const lines = new Map<string, Line<T>>();
  let totalBytes = 0;

  const drain = async (tenantId: string, line: Line<T>): Promise<void> => {
    for (let group = takeGroup(line.entries); group.length > 0; group = takeGroup(line.entries)) {
      await writeGroup(tenantId, group);
      const bytes = group.reduce((sum, { item }) => sum + item.bytes, 0);
      line.bytes -= bytes;
      totalBytes -= bytes;
    }
    lines.delete(tenantId);
  };
  const openLine = (tenantId: string): Line<T> => {
    const line: Line<T> = { entries: [], bytes: 0 };
    lines.set(tenantId, line);
    // After the requests that have arrived together with the first.
    setImmediate(() => void drain(tenantId, line));
    return line;
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
      const opened = lines.get(tenantId);
      if (totalBytes + item.bytes > MAX_TOTAL_BYTES || (opened !== undefined && isFull(opened, item))) {
        reject(new UnavailableError('Too many writes are waiting.', { retryAfterSeconds: 1 }));
        return;
      }
      const line = opened ?? openLine(tenantId);
      line.entries.push({ item, resolve, reject, inContext: AsyncLocalStorage.snapshot() });
      line.bytes += item.bytes;
      totalBytes += item.bytes;
    });
}

function isFull<T extends GroupItem>({ entries, bytes }: Line<T>, item: T): boolean {
  return entries.length >= MAX_WAITING || bytes + item.bytes > MAX_TENANT_BYTES;
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
