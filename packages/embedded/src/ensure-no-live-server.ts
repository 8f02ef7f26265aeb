import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errorCode } from '@aion/errors';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { isAlive } from './is-alive.ts';

/** Time in which a live server must show that its owner has died and it is stopping. */
const OWNER_GRACE_MS = 2_000;
/** Maximum duration of a server stop. */
const STOPPING_GRACE_MS = 30_000;
/** A process id above every pid_max (2^22 on Linux), which no process has. */
const IMPOSSIBLE_PID = 2_147_483_647;

/**
 * Ensures that no live server uses `dataDir`. Waits for a server whose owner was killed a moment ago. If the process id in
 * a `postmaster.pid` left by SIGKILL now belongs to another program, it is replaced, since PostgreSQL would take that
 * program for a server; the rest of the file stays, because PostgreSQL uses it to find survivors of the dead server.
 *
 * @throws EmbeddedPostgresError `DATA_DIR_IN_USE` naming the process id of the live server.
 */
export async function ensureNoLiveServer(dataDir: string): Promise<void> {
  const startedAt = Date.now();
  for (;;) {
    const lock = await readLock(dataDir);
    if (lock === undefined || !isAlive(lock.pid)) return;
    if (!(await isServerOf(lock.pid, dataDir))) {
      await writeFile(join(dataDir, 'postmaster.pid'), lock.text.replace(/^\d+/, String(IMPOSSIBLE_PID)));
      return;
    }
    const graceMs = lock.status === 'stopping' ? STOPPING_GRACE_MS : OWNER_GRACE_MS;
    if (Date.now() - startedAt > graceMs) {
      throw new EmbeddedPostgresError(
        'DATA_DIR_IN_USE',
        `A PostgreSQL server (pid ${lock.pid}) of another run is using ${dataDir}. Stop that run first ` +
          `(kill -INT ${lock.pid} stops only the server), or choose another data directory.`,
      );
    }
    await sleep(50);
  }
}

interface Lock {
  readonly text: string;
  readonly pid: number;
  /** `starting`, `ready`, `stopping` or `standby`. */
  readonly status: string;
}

/** Reads postmaster.pid: line 1 is the pid, line 8 the status (PostgreSQL, src/include/utils/pidfile.h). */
async function readLock(dataDir: string): Promise<Lock | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return { text, pid: Number.parseInt(lines[0] ?? '', 10), status: lines[7]?.trim() ?? '' };
}

async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  if (process.platform === 'linux') {
    // A server's working directory is its data directory. That of another user is not readable, but the program name is.
    const workingDir = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (workingDir !== undefined) return workingDir === (await realpath(dataDir));
    return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'postgres';
  }
  const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => ({ stdout: '' }));
  return stdout.trim().endsWith('postgres');
}
