import type { Labels } from './label-guard.ts';
import type { Exemplar, RegistrySample } from './registry-sample.ts';

/** Observations of one series. */
export interface HistogramSeries {
  readonly labels: Labels;
  /** Number of observations by bucket, not cumulative; the last bucket is above all bounds. */
  readonly counts: number[];
  /** Latest observation within a trace, by bucket. */
  readonly exemplars: (Exemplar | undefined)[];
  sum: number;
}

/** Creates a series without observations. */
export function createHistogramSeries(labels: Labels, bounds: readonly number[]): HistogramSeries {
  return { labels, counts: Array.from({ length: bounds.length + 1 }, () => 0), exemplars: [], sum: 0 };
}

/** Adds an observation to the first bucket whose bound it does not exceed. */
export function addObservation(
  series: HistogramSeries,
  bounds: readonly number[],
  value: number,
  traceId: string | undefined,
): void {
  let bucket = 0;
  for (const bound of bounds) {
    if (value <= bound) break;
    bucket += 1;
  }
  series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
  series.sum += value;
  if (traceId === undefined) return;
  series.exemplars[bucket] = { labelSet: { trace_id: traceId }, value, timestamp: Date.now() / 1_000 };
}

/** Returns the samples of a series: cumulative buckets, sum and count. */
export function toHistogramSamples(name: string, bounds: readonly number[], series: HistogramSeries): RegistrySample[] {
  const { labels: sharedLabels, counts, exemplars, sum } = series;
  const metricName = `${name}_bucket`;
  let count = 0;
  const buckets = counts.map((observed, bucket) => {
    count += observed;
    const bound = bounds[bucket];
    const le = bound === undefined ? '+Inf' : String(bound);
    return { metricName, labels: { le }, sharedLabels, value: count, exemplar: exemplars[bucket] };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
  ];
}
