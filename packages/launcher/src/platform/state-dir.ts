import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAlive } from '@aion/embedded';
import { errorCode, errorMessage } from '@aion/errors';
import { LauncherError } from './launcher-error.ts';
import { readProcessStat } from './read-process-stat.ts';

const LOCK = 'launcher.lock';
/** Entries that a reset deletes. Models are not included: they are large and contain no tenant data. */
const DATA_ENTRIES =
  /^(postgres(\.init-.*)?|objects|logs|demo|secrets\.json|operator\.json|demo\.json|demo-tenants\.json|audit-heads\.ndjson|.*\.\d+\.tmp)$/;

/** A state directory that is locked by this process. */
export interface StateDir {
  readonly path: string;
  /** Names of the files and folders that a reset has deleted; undefined without a reset. */
  readonly removed: readonly string[] | undefined;
  /** Releases the lock. Idempotent. */
  release(): Promise<void>;
}

/**
 * Creates the directory if it is missing and locks it for this process; `reset` then deletes its data, except models and
 * files that the launcher has not created.
 * @throws LauncherError if the directory is not writable or another launcher has locked it
 */
export async function openStateDir(path: string, { reset }: { readonly reset: boolean }): Promise<StateDir> {
  try {
    await makeDirectory(path);
    await takeLock(path);
    const removed = reset ? await removeData(path) : undefined;
    return { path, removed, release: () => rm(join(path, LOCK), { force: true }) };
  } catch (error) {
    if (error instanceof LauncherError) throw error;
    throw new LauncherError(
      `Could not use the state directory ${path}: ${errorMessage(error)}. ` +
        'Make it writable, or choose another one with --state-dir.',
      { cause: error },
    );
  }
}

/** Like `mkdir` with `recursive`, which never returns where mkdir fails with ENOENT in an existing directory (/proc). */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((await stat(path).catch(() => undefined))?.isDirectory() === true) return;
    const parent = dirname(path);
    const parentExists = (await stat(parent).catch(() => undefined)) !== undefined;
    if (errorCode(error) !== 'ENOENT' || parentExists) throw error;
    await makeDirectory(parent);
    await mkdir(path, { mode: 0o700 });
  }
}

/** Deletes the data of earlier runs. @returns the names of the deleted entries */
async function removeData(path: string): Promise<string[]> {
  const entries = (await readdir(path)).filter((name) => DATA_ENTRIES.test(name));
  await Promise.all(entries.map((name) => rm(join(path, name), { recursive: true, force: true })));
  return entries.toSorted();
}

interface LockHolder {
  readonly pid: number;
  readonly startTicks: string | undefined;
}

async function takeLock(path: string): Promise<void> {
  const lock = join(path, LOCK);
  const ownLock = `${lock}.${process.pid}.tmp`;
  const self: LockHolder = { pid: process.pid, startTicks: (await readProcessStat(process.pid))?.startTicks };
  await writeFile(ownLock, JSON.stringify(self));
  try {
    for (;;) {
      const isTaken = await link(ownLock, lock).then(
        () => false,
        (error: unknown) => {
          if (errorCode(error) === 'EEXIST') return true;
          throw error;
        },
      );
      if (!isTaken) return;
      const holder = await readHolder(lock);
      if (holder !== undefined && (await isRunning(holder))) {
        throw new LauncherError(
          `Another run (pid ${holder.pid}) is using ${path}. Stop it first (kill ${holder.pid}), or choose another ` +
            'directory with --state-dir and other ports with --port.',
        );
      }
      await removeStale(lock, holder);
    }
  } finally {
    await rm(ownLock, { force: true });
  }
}

async function readHolder(lock: string): Promise<LockHolder | undefined> {
  try {
    // Written by this module; any other content has no pid of a running process.
    return JSON.parse(await readFile(lock, 'utf8')) as LockHolder;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reports whether the holder is running. A pid may be reused: on Linux the start time identifies the process. */
async function isRunning(holder: LockHolder): Promise<boolean> {
  if (!isAlive(holder.pid)) return false;
  const stat = await readProcessStat(holder.pid);
  return stat === undefined || holder.startTicks === undefined || stat.startTicks === holder.startTicks;
}

/** Removes a stale lock. Another launcher may have replaced it: the moved lock is checked again and a new one restored. */
async function removeStale(lock: string, holder: LockHolder | undefined): Promise<void> {
  const aside = `${lock}.stale.${process.pid}.tmp`;
  try {
    await rename(lock, aside);
    const moved = await readHolder(aside);
    if (moved?.pid !== holder?.pid) await link(aside, lock);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}
