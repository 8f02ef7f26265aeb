import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { readProcessStat } from './read-process-stat.ts';

const INTERVAL_MS = 250;
const SHELL = /^(ba|da|z|a|k)?sh$|^busybox$/;
const MAX_SHELLS = 8;

/**
 * Calls `onExit` once when the program that started this process has exited. A package manager starts scripts through
 * shells, which do not forward signals and outlive it when it is killed. On Linux, where ancestors are visible, this
 * watches every ancestor up to the first that is not a shell; on other systems only the parent.
 * Resolves when the processes to watch are known.
 */
export async function watchParents(onExit: () => void): Promise<void> {
  const initial = (await listWatchedPids()).join(' ');
  const check = async (): Promise<void> => {
    if ((await listWatchedPids()).join(' ') === initial) return;
    clearInterval(timer);
    onExit();
  };
  const timer = setInterval(() => void check(), INTERVAL_MS);
  timer.unref();
}

/** Lists the pids of the parent, the shells above it and the first ancestor that is not a shell. */
async function listWatchedPids(): Promise<number[]> {
  const pids = [process.ppid];
  for (let pid = process.ppid; pids.length <= MAX_SHELLS && (await isShell(pid));) {
    const stat = await readProcessStat(pid);
    if (stat === undefined) break;
    pid = stat.parentPid;
    pids.push(pid);
  }
  return pids;
}

/** Identifies a shell by its program file: a process that runs a script has the name of the script. */
async function isShell(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
  return SHELL.test(basename(program));
}
