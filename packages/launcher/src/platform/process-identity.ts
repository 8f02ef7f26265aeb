import { readFile } from 'node:fs/promises';
import { errorCode } from '@aion/errors';

/** What Linux tells of a process in `/proc/<pid>/stat` (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly parentPid: number;
  /** Clock ticks between the boot and the start of the process: with the pid, its identity. */
  readonly startTicks: string;
}

/** Reads `/proc/<pid>/stat`; `undefined` without such a process, or on a system that has no `/proc`. */
export async function readProcessStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: unknown) => {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    parentPid: Number(fields[1]),
    startTicks: fields[19] ?? '',
  };
}
