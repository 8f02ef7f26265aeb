import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { readProcessStat } from './process-identity.ts';

const INTERVAL_MS = 250;
const SHELL = /^(ba|da|z|a|k)?sh$|^busybox$/;
const MAX_SHELLS = 8;

/**
 * Calls `onGone` once when the program that started this process has ended. A package manager starts scripts through
 * shells, which pass no signal on and outlive it when it is killed: on Linux, where a process's ancestors can be seen,
 * the end of any of them up to the first that is no shell counts; elsewhere that of the parent.
 * Resolves when it knows whom to watch.
 */
export async function watchParents(onGone: () => void): Promise<void> {
  const known = (await listStarters()).join(' ');
  const look = async (): Promise<void> => {
    if ((await listStarters()).join(' ') === known) return;
    clearInterval(timer);
    onGone();
  };
  const timer = setInterval(() => void look(), INTERVAL_MS);
  timer.unref();
}

/** The parent, the shells above it, and the first that is no shell. */
async function listStarters(): Promise<number[]> {
  const pids = [process.ppid];
  for (let pid = process.ppid; pids.length <= MAX_SHELLS && (await isShell(pid));) {
    const stat = await readProcessStat(pid);
    if (stat === undefined) break;
    pid = stat.parentPid;
    pids.push(pid);
  }
  return pids;
}

/** By its program file: the name of a process that runs a script is the script's. */
async function isShell(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
  return SHELL.test(basename(program));
}
