import { readProcessStat } from './process-identity.ts';

const INTERVAL_MS = 250;

/**
 * Calls `onGone` once when the process that started this one has ended, or (on Linux) the one that started that: a
 * shell in between does not pass signals on, and outlives a package manager that is killed.
 */
export function watchParents(onGone: () => void): void {
  const parent = process.ppid;
  let grandparent: number | undefined;
  const look = async (): Promise<void> => {
    const seen = (await readProcessStat(parent))?.parentPid;
    grandparent ??= seen;
    if (process.ppid === parent && seen === grandparent) return;
    clearInterval(timer);
    onGone();
  };
  const timer = setInterval(() => void look(), INTERVAL_MS);
  timer.unref();
}
