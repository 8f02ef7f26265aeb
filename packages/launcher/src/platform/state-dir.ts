import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAlive } from '@aion/embedded';
import { errorCode, errorMessage } from '@aion/errors';
import { LauncherError } from './launcher-error.ts';
import { readProcessStat } from './process-identity.ts';

const LOCK = 'launcher.lock';
/** What the launcher keeps in its directory. Models are not on the list: they are large, and no data of a tenant. */
const OWN_ENTRIES =
  /^(postgres(\.init-.*)?|objects|logs|demo|secrets\.json|operator\.json|demo\.json|demo-tenants\.json|audit-heads\.ndjson|.*\.\d+\.tmp)$/;

/** A state directory that this process holds alone. */
export interface StateDir {
  readonly path: string;
  /** Names of the files and folders that a reset has deleted; undefined without a reset. */
  readonly removed: readonly string[] | undefined;
  /** Lets others have it. May be called again. */
  release(): Promise<void>;
}

/**
 * Creates the directory when it is not there, and takes it for this process; `reset` then deletes the data in it, and
 * leaves models and files that are not the launcher's.
 * @throws LauncherError when it cannot be written, or another launcher holds it
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
      `The state directory ${path} cannot be used: ${errorMessage(error)}. ` +
        'Make it writable, or choose another one with --state-dir.',
      { cause: error },
    );
  }
}

/** As `mkdir` with `recursive`, which never returns where a system refuses with ENOENT below a directory that exists (/proc). */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((await stat(path).catch(() => undefined))?.isDirectory() === true) return;
    const parent = dirname(path);
    const isParentThere = (await stat(parent).catch(() => undefined)) !== undefined;
    if (errorCode(error) !== 'ENOENT' || isParentThere) throw error;
    await makeDirectory(parent);
    await mkdir(path, { mode: 0o700 });
  }
}

/** Deletes the data of earlier runs. @returns the names of what was deleted */
async function removeData(path: string): Promise<string[]> {
  const entries = (await readdir(path)).filter((name) => OWN_ENTRIES.test(name));
  await Promise.all(entries.map((name) => rm(join(path, name), { recursive: true, force: true })));
  return entries.toSorted();
}

interface Holder {
  readonly pid: number;
  readonly startTicks: string | undefined;
}

async function takeLock(path: string): Promise<void> {
  const lock = join(path, LOCK);
  const mine = `${lock}.${process.pid}.tmp`;
  const me: Holder = { pid: process.pid, startTicks: (await readProcessStat(process.pid))?.startTicks };
  await writeFile(mine, JSON.stringify(me));
  try {
    for (;;) {
      const isTaken = await link(mine, lock).then(
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
    await rm(mine, { force: true });
  }
}

async function readHolder(lock: string): Promise<Holder | undefined> {
  try {
    // Written by this module; anything else fails the comparison of its pid with a running process.
    return JSON.parse(await readFile(lock, 'utf8')) as Holder;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The pid alone may have gone to another program since: on Linux the time of its start tells. */
async function isRunning(holder: Holder): Promise<boolean> {
  if (!isAlive(holder.pid)) return false;
  const stat = await readProcessStat(holder.pid);
  return stat === undefined || holder.startTicks === undefined || stat.startTicks === holder.startTicks;
}

/** Two launchers may find the same stale lock: what is moved away is looked at again, and a fresh one is put back. */
async function removeStale(lock: string, holder: Holder | undefined): Promise<void> {
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
