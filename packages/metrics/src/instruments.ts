import type { Metric } from 'prom-client';
import type { MetricDeclaration } from './catalogue/metric-declaration.ts';
import type { MetricRegistry } from './exposition.ts';
import { addObservation, createHistogramSeries, toHistogramSamples } from './histogram-series.ts';
import { listLabelCombinations, type LabelGuard, type Labels } from './label-guard.ts';
import type { RegistrySample } from './registry-sample.ts';
import { SeriesMap } from './series-map.ts';

/** Options of an instrument. */
export interface InstrumentOptions {
  readonly name: string;
  readonly declaration: MetricDeclaration;
  readonly registry: MetricRegistry;
  readonly guard: LabelGuard;
}

/** Creates a counter. Series with closed label sets start at zero: `rate()` ignores a series that starts at its final value. */
export function createCounter(options: InstrumentOptions) {
  const series = createValueSeries(options);
  register(options, () => [...series.values()]);
  for (const labels of listLabelCombinations(options.declaration)) series.getOrCreate(labels);
  return {
    inc: (labels: Labels, by = 1) => {
      if (!(by >= 0) || by === Infinity)
        throw new TypeError(
          `${options.name} can only be increased by a finite number that is not negative, not by ${by}.`,
        );
      series.getOrCreate(labels).value += by;
    },
  };
}

/** Creates a gauge; it has no series before it is set. */
export function createGauge(options: InstrumentOptions) {
  const series = createValueSeries(options);
  register(options, () => [...series.values()]);
  return {
    set: (labels: Labels, value: number) => {
      series.getOrCreate(labels).value = value;
    },
    inc: (labels: Labels) => {
      series.getOrCreate(labels).value += 1;
    },
    dec: (labels: Labels) => {
      series.getOrCreate(labels).value -= 1;
    },
    remove: (labels: Labels) => series.delete(labels),
  };
}

/**
 * Creates a histogram. Series with closed label sets start at zero.
 * @param currentTraceId returns the recorded trace of an observation, which becomes the exemplar of its bucket
 */
export function createHistogram(options: InstrumentOptions, currentTraceId: (() => string | undefined) | undefined) {
  const { name, declaration, guard } = options;
  const bounds = declaration.buckets ?? [];
  const series = new SeriesMap(Object.keys(declaration.labels), guard, (labels) =>
    createHistogramSeries(labels, bounds),
  );
  register(options, () => [...series.values()].flatMap((each) => toHistogramSamples(name, bounds, each)));
  for (const labels of listLabelCombinations(declaration)) series.getOrCreate(labels);
  return {
    observe: (labels: Labels, value: number) => {
      if (!Number.isFinite(value)) throw new TypeError(`${name} can only observe finite numbers, not ${value}.`);
      addObservation(series.getOrCreate(labels), bounds, value, currentTraceId?.());
    },
    zero: (labels: Labels) => {
      series.getOrCreate(labels);
    },
  };
}

function createValueSeries({ declaration, guard }: InstrumentOptions): SeriesMap<RegistrySample> {
  return new SeriesMap(Object.keys(declaration.labels), guard, (labels) => ({ labels, value: 0 }));
}

/**
 * Registers a metric in prom-client's registry, which only reads name, help, type and samples. `get` reads the name at call
 * time, because views of the registry may rename the metric.
 */
function register({ name, declaration, registry }: InstrumentOptions, read: () => readonly RegistrySample[]): void {
  const { help, type } = declaration;
  const metric = {
    name,
    help,
    type,
    get(): Promise<object> {
      return Promise.resolve({ name: this.name, help, type, values: read() });
    },
  };
  // The parameter type allows prom-client's own classes only, but the registry uses just these members.
  registry.registerMetric(metric as unknown as Metric);
}
