import { availableParallelism, totalmem } from 'node:os';

/** Reads a file; returns undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Resources available to the process. */
export interface ProcessLimits {
  readonly cpuCores: number;
  readonly memoryBytes: number;
}

/** Reads the limits of the control group; where it has none, the resources of the machine are the limit. */
export function readProcessLimits(read: ReadText): ProcessLimits {
  return { cpuCores: readCpuCores(read), memoryBytes: readMemoryBytes(read) };
}

/** Reads the CPU quota of control groups v2 (`cpu.max`) or v1 (`cpu.cfs_*`). */
function readCpuCores(read: ReadText): number {
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? '').trim().split(' ').map(Number);
  const v1 = ['quota', 'period'].map((name) => Number(read(`/sys/fs/cgroup/cpu/cpu.cfs_${name}_us`) ?? Number.NaN));
  const cores = toCores(quota, period) ?? toCores(v1[0], v1[1]) ?? Infinity;
  return Math.min(cores, availableParallelism());
}

/** Reads the memory limit of control groups v2 (`memory.max`) or v1 (`limit_in_bytes`). */
function readMemoryBytes(read: ReadText): number {
  const limits = ['memory.max', 'memory/memory.limit_in_bytes'].map((name) => Number(read(`/sys/fs/cgroup/${name}`)));
  return Math.min(totalmem(), ...limits.filter((limit) => limit > 0));
}

/** Returns undefined for `max` (v2) and -1 (v1), which mean no quota. */
function toCores(quota: number | undefined, period: number | undefined): number | undefined {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}
