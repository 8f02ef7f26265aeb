import type { Metric } from 'prom-client';
import type { MetricDeclaration } from './catalogue/metric-declaration.ts';
import type { MetricRegistry } from './exposition.ts';
import { createHistogramSeries, observeIn, toHistogramSamples } from './histogram-series.ts';
import { closedCombinations, type LabelGuard, type Labels } from './label-guard.ts';
import type { Sample } from './sample.ts';
import { SeriesMap } from './series-map.ts';

/** What an instrument is made of. */
export interface InstrumentOptions {
  readonly name: string;
  readonly declaration: MetricDeclaration;
  readonly registry: MetricRegistry;
  readonly guard: LabelGuard;
}

/** Creates a counter whose closed combinations are at zero: a series born at its final value is invisible to `rate()`. */
export function createCounter(options: InstrumentOptions) {
  const series = createValueSeries(options);
  register(options, () => [...series.values()]);
  for (const labels of closedCombinations(options.declaration)) series.at(labels);
  return {
    inc: (labels: Labels, by = 1) => {
      if (!(by >= 0) || by === Infinity) throw new TypeError(`${options.name} counts up by finite numbers, not ${by}.`);
      series.at(labels).value += by;
    },
  };
}

/** Creates a gauge; it shows nothing before it is set. */
export function createGauge(options: InstrumentOptions) {
  const series = createValueSeries(options);
  register(options, () => [...series.values()]);
  return {
    set: (labels: Labels, value: number) => {
      series.at(labels).value = value;
    },
    inc: (labels: Labels) => {
      series.at(labels).value += 1;
    },
    dec: (labels: Labels) => {
      series.at(labels).value -= 1;
    },
    remove: (labels: Labels) => series.delete(labels),
  };
}

/**
 * Creates a histogram whose closed combinations are at zero.
 * @param currentTraceId the trace that an observation belongs to, when it is kept: the exemplar of its bucket
 */
export function createHistogram(options: InstrumentOptions, currentTraceId: (() => string | undefined) | undefined) {
  const { name, declaration, guard } = options;
  const bounds = declaration.buckets ?? [];
  const series = new SeriesMap(Object.keys(declaration.labels), guard, (labels) =>
    createHistogramSeries(labels, bounds),
  );
  register(options, () => [...series.values()].flatMap((each) => toHistogramSamples(name, bounds, each)));
  for (const labels of closedCombinations(declaration)) series.at(labels);
  return {
    observe: (labels: Labels, value: number) => {
      if (!Number.isFinite(value)) throw new TypeError(`${name} takes finite numbers, not ${value}.`);
      observeIn(series.at(labels), bounds, value, currentTraceId?.());
    },
    zero: (labels: Labels) => {
      series.at(labels);
    },
  };
}

function createValueSeries({ declaration, guard }: InstrumentOptions): SeriesMap<Sample> {
  return new SeriesMap(Object.keys(declaration.labels), guard, (labels) => ({ labels, value: 0 }));
}

/**
 * Shows a metric in prom-client's registry, which asks each of its metrics for its name, type and samples and nothing
 * else. Views of a registry rename it: the name is read when it is shown.
 */
function register({ name, declaration, registry }: InstrumentOptions, read: () => readonly Sample[]): void {
  const { help, type } = declaration;
  const metric = {
    name,
    help,
    type,
    get(): Promise<object> {
      return Promise.resolve({ name: this.name, help, type, values: read() });
    },
  };
  // The type lists prom-client's own classes; what the registry calls is above.
  registry.registerMetric(metric as unknown as Metric);
}
