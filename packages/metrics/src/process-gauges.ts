import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { MetricName } from './catalogue.ts';
import type { Labels } from './label-guard.ts';
import { cpuLimitCores, memoryLimitBytes } from './process-limits.ts';

/** Where the gauges are shown: what this needs of `Metrics`. */
interface Target {
  gauge(name: MetricName<'gauge'>): { set(labels: Labels, value: number): void };
  onCollect(update: () => void): void;
}

const NANOSECONDS = 1e9;
const RESOLUTION_MS = 10;

/** Shows what the process may use, and how busy its event loop was since the scrape before. */
export function reportProcess(metrics: Target): void {
  metrics.gauge('aion_memory_limit_bytes').set({}, memoryLimitBytes(readText));
  metrics.gauge('aion_cpu_limit_cores').set({}, cpuLimitCores(readText));
  metrics.gauge('aion_heap_limit_bytes').set({}, getHeapStatistics().heap_size_limit);
  const delay = metrics.gauge('aion_event_loop_delay_seconds');
  const utilization = metrics.gauge('aion_event_loop_utilization_ratio');
  // Its timer keeps no process alive.
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  let before = performance.eventLoopUtilization();
  metrics.onCollect(() => {
    const now = performance.eventLoopUtilization();
    utilization.set({}, performance.eventLoopUtilization(now, before).utilization);
    before = now;
    for (const quantile of ['0.5', '0.99']) {
      // What the monitor measures is the timer's interval, its resolution included; without a sample it says 511 ns.
      const latenessNs = Math.max(0, monitor.percentile(Number(quantile) * 100) - RESOLUTION_MS * 1e6);
      delay.set({ quantile }, latenessNs / NANOSECONDS);
    }
    monitor.reset();
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Not Linux, the other version of control groups, or no right to look.
  }
}
