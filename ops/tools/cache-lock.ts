import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
const SQLITE_BUSY = 5;

/** Options of {@link withCacheLock}. */
export interface CacheLockOptions {
  signal?: AbortSignal;
  /** Called once when another process holds the lock, with its process id when that is known. */
  onWait?: (holder: string) => void;
}

/**
 * Runs `work` while this process alone holds the cache's lock, waiting for it as long as it takes.
 *
 * The lock is SQLite's exclusive lock on an empty database, hence one of the operating system: it ends with
 * its process, however that dies. A file with a process id needs a takeover that two waiters can both win,
 * and misjudges holders in another container.
 */
export async function withCacheLock<T>(cache: string, work: () => Promise<T>, options: CacheLockOptions): Promise<T> {
  await mkdir(cache, { recursive: true });
  const holderFile = join(cache, 'lock.pid');
  const database = new DatabaseSync(join(cache, 'lock.sqlite'), { timeout: 0 });
  try {
    if (!tryLock(database)) {
      options.onWait?.(await readHolder(holderFile));
      do await sleep(POLL_MS, undefined, options.signal ? { signal: options.signal } : {});
      while (!tryLock(database));
    }
    await writeFile(holderFile, `${process.pid}\n`);
    try {
      return await work();
    } finally {
      await rm(holderFile, { force: true });
    }
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY)
      return false;
    throw error;
  }
}

async function readHolder(holderFile: string): Promise<string> {
  try {
    return `process ${(await readFile(holderFile, 'utf8')).trim()}`;
  } catch {
    // The holder writes it just after it has the lock; the message does not depend on it.
    return 'another process';
  }
}
