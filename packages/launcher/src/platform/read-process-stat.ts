import { readFile } from 'node:fs/promises';
import { errorCode } from '@aion/errors';

/** Fields of `/proc/<pid>/stat` on Linux (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly parentPid: number;
  /** Clock ticks from boot to the start of the process; together with the pid, it identifies a process. */
  readonly startTicks: string;
}

/** Reads `/proc/<pid>/stat`; returns undefined if there is no such process or the system has no `/proc`. */
export async function readProcessStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: unknown) => {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  // The second field is the program name in parentheses, which may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    parentPid: Number(fields[1]),
    startTicks: fields[19] ?? '',
  };
}
