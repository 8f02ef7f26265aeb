import { setImmediate } from 'node:timers/promises';

/** Returns the CPU time that this process has used, user and system, all threads, in microseconds. */
export function readProcessCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Measures CPU nanoseconds per call. Wall time would include the time that other programs have the processor. The loop
 * yields after every `callsPerTurn` calls, so that work which an operation leaves to the event loop is included.
 */
export async function measureCpuNsPerCall(
  count: number,
  call: (index: number) => void,
  callsPerTurn = 500,
): Promise<number> {
  const before = readProcessCpuUs();
  for (let done = 0; done < count; done += callsPerTurn) {
    const end = Math.min(count, done + callsPerTurn);
    for (let index = done; index < end; index += 1) call(index);
    await setImmediate();
  }
  return ((readProcessCpuUs() - before) * 1_000) / count;
}
