import { availableParallelism, totalmem } from 'node:os';

/** Reads a file; undefined when it is not there. */
export type ReadText = (path: string) => string | undefined;

/** The cores that the control group's quota allows, v2 (`cpu.max`) or v1 (`cpu.cfs_*`), else those of the machine. */
export function cpuLimitCores(read: ReadText): number {
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? '').trim().split(' ').map(Number);
  const v1 = ['quota', 'period'].map((name) => Number(read(`/sys/fs/cgroup/cpu/cpu.cfs_${name}_us`) ?? Number.NaN));
  const cores = ratio(quota, period) ?? ratio(v1[0], v1[1]) ?? Infinity;
  return Math.min(cores, availableParallelism());
}

/** The memory that the control group allows, v2 (`memory.max`) or v1 (`limit_in_bytes`), else that of the machine. */
export function memoryLimitBytes(read: ReadText): number {
  const limits = ['memory.max', 'memory/memory.limit_in_bytes'].map((name) => Number(read(`/sys/fs/cgroup/${name}`)));
  return Math.min(totalmem(), ...limits.filter((limit) => limit > 0));
}

/** Undefined for `max` (v2) and for -1 (v1), which mean no quota. */
function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}
