import { AsyncLocalStorage } from 'node:async_hooks';
import { UnavailableError } from '@aion/errors';
import { isRowViolation } from '../database/is-row-violation.ts';

/** Limits of a group, which bound the length of a statement and the size of its content. */
const MAX_ITEMS = 256;
const MAX_BYTES = 4 * 1_048_576;
/** Maximum number of waiting items of a tenant; more would wait longer than their callers do. */
const MAX_WAITING = 4_096;
/** Limits of the memory of waiting and active items, of one tenant and of all tenants. */
const MAX_TENANT_BYTES = 64 * 1_048_576;
const MAX_TOTAL_BYTES = 256 * 1_048_576;

/** An item that can share a transaction with others. */
export interface GroupItem {
  readonly id: string;
  /** Approximate size in memory. */
  readonly bytes: number;
}

/** Options of `createGroupCommit`. */
export interface GroupCommitOptions<T extends GroupItem> {
  /**
   * Writes items of one tenant, with ids that differ, in one transaction.
   * @returns for each item, in order, the error for its caller; undefined for success
   * @throws the error that fails the entire transaction
   */
  readonly write: (tenantId: string, items: readonly T[]) => Promise<readonly (Error | undefined)[]>;
}

/**
 * Writes an item of a tenant. Resolves when it is durable.
 * @throws the error of this item, never that of another; UnavailableError when the queue is full
 */
export type GroupCommit<T extends GroupItem> = (tenantId: string, item: T) => Promise<void>;

interface Entry<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Runs in the context of the item's request, to which spans and log lines belong. */
  readonly inContext: <R>(run: () => R) => R;
}

/** Waiting and active items of a tenant. */
interface Line<T> {
  /** Items that are not in a transaction yet. */
  readonly entries: Entry<T>[];
  /** Size of these items and of those in a transaction. */
  bytes: number;
}

/**
 * Groups the writes of concurrent requests: items that arrive during a transaction of the same tenant are written by the
 * next one, so that a busy tenant needs one COMMIT for many rows and a single request does not wait. A row that the
 * database rejects fails separately: its group is bisected until the row is found.
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
    // Start after the requests that arrived together with the first.
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

/** Removes as many items from the front as a transaction may contain; a repeated id waits for the next one. */
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
