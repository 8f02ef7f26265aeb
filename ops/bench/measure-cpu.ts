import { setImmediate } from 'node:timers/promises';

/** The CPU time of this process so far, user and system, all threads, in microseconds. */
export function processCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * CPU nanoseconds per call. CPU, not wall time: a busy machine takes the processor away, which the clock counts and
 * this does not. The loop yields now and then, so that what an operation leaves to the event loop is counted, too.
 */
export async function cpuNsPerCall(count: number, call: (index: number) => void, callsPerTurn = 500): Promise<number> {
  const before = processCpuUs();
  for (let done = 0; done < count; done += callsPerTurn) {
    const end = Math.min(count, done + callsPerTurn);
    for (let index = done; index < end; index += 1) call(index);
    await setImmediate();
  }
  return ((processCpuUs() - before) * 1_000) / count;
}
