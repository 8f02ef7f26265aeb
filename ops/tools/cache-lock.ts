import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
const SQLITE_BUSY = 5;

/** Options of {@link withCacheLock}. */
export interface CacheLockOptions {
  signal?: AbortSignal;
  /** Called once when another process holds the lock, with its process id if known. */
  onWait?: (holder: string) => void;
}

/**
 * Runs `work` while this process holds the exclusive lock of the cache; waits for the lock without a limit.
 *
 * The lock is SQLite's exclusive lock on an empty database, hence one of the operating system: it is released when its
 * process dies for any reason. A PID file would need a takeover that two waiters can both win, and fails for holders in
 * another container.
 */
export async function withCacheLock<T>(cache: string, work: () => Promise<T>, options: CacheLockOptions): Promise<T> {
  await mkdir(cache, { recursive: true });
  const holderFile = join(cache, 'lock.pid');
  const database = new DatabaseSync(join(cache, 'lock.sqlite'), { timeout: 0 });
  try {
    if (!tryLock(database)) {
      options.onWait?.(await readHolder(holderFile));
      do {
        await sleep(POLL_MS, undefined, options.signal ? { signal: options.signal } : {});
      } while (!tryLock(database));
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
    // The holder writes the file just after it has acquired the lock; the message works without it.
    return 'another process';
  }
}
