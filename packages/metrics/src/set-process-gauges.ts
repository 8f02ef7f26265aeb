import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { MetricName } from './catalogue.ts';
import type { Labels } from './label-guard.ts';
import { readProcessLimits } from './read-process-limits.ts';

/** Part of `Metrics` that is required here. */
interface GaugeRegistry {
  gauge(name: MetricName<'gauge'>): { set(labels: Labels, value: number): void };
  onCollect(update: () => void): void;
}

const NANOSECONDS = 1e9;
const RESOLUTION_MS = 10;

/** Sets gauges of the limits of the process, and of the load of its event loop since the previous scrape. */
export function setProcessGauges(metrics: GaugeRegistry): void {
  const { cpuCores, memoryBytes } = readProcessLimits(readText);
  metrics.gauge('aion_memory_limit_bytes').set({}, memoryBytes);
  metrics.gauge('aion_cpu_limit_cores').set({}, cpuCores);
  metrics.gauge('aion_heap_limit_bytes').set({}, getHeapStatistics().heap_size_limit);
  const delay = metrics.gauge('aion_event_loop_delay_seconds');
  const utilization = metrics.gauge('aion_event_loop_utilization_ratio');
  // The timer of the monitor does not keep the process alive.
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  let before = performance.eventLoopUtilization();
  metrics.onCollect(() => {
    const now = performance.eventLoopUtilization();
    utilization.set({}, performance.eventLoopUtilization(now, before).utilization);
    before = now;
    for (const quantile of ['0.5', '0.99']) {
      // The monitor measures the interval of its timer, including the resolution; without a sample it returns 511 ns.
      const delayNs = Math.max(0, monitor.percentile(Number(quantile) * 100) - RESOLUTION_MS * 1e6);
      delay.set({ quantile }, delayNs / NANOSECONDS);
    }
    monitor.reset();
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Not Linux, another version of control groups, or no permission.
  }
}
