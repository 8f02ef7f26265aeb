import { median } from './bench-result.ts';

/** Runs something `count` times, one after the other; returns the median of its wall time in milliseconds. */
export async function measureMedianMs(count: number, run: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const startedAt = performance.now();
    await run();
    samples.push(performance.now() - startedAt);
  }
  return median(samples);
}
