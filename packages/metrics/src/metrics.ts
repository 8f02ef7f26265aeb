import { TELEMETRY_SUBJECTS, type TelemetrySubject } from '@aion/config';
import { collectDefaultMetrics } from 'prom-client';
import { CATALOGUE, type LabelsOf, type MetricName } from './catalogue.ts';
import { requiredFeatureFlags, resolveFeatureFlags, type FeatureFlagOptions } from './catalogue/feature-flags.ts';
import { createRegistry, renderExposition, type ExpositionFormat, type RenderedExposition } from './exposition.ts';
import { createCounter, createGauge, createHistogram } from './instruments.ts';
import { createLabelGuards } from './label-guard.ts';
import { setProcessGauges } from './set-process-gauges.ts';

/** Counter, which only increases. */
export interface Counter<N extends MetricName<'counter'>> {
  inc(labels: LabelsOf<N>, by?: number): void;
}
/** Gauge, which increases and decreases. */
export interface Gauge<N extends MetricName<'gauge'>> {
  set(labels: LabelsOf<N>, value: number): void;
  inc(labels: LabelsOf<N>): void;
  dec(labels: LabelsOf<N>): void;
  /** Removes a series whose value is no longer known. */
  remove(labels: LabelsOf<N>): void;
}
/** Histogram, which counts observations in buckets. */
export interface Histogram<N extends MetricName<'histogram'>> {
  /** @param value in the unit of the metric name */
  observe(labels: LabelsOf<N>, value: number): void;
  /** Creates a series at zero, so that `rate()` includes its first observation. Does nothing if the series exists. */
  zero(labels: LabelsOf<N>): void;
}

/** Metrics of one process, by the names of the catalogue. */
export interface Metrics {
  /** If false, all instruments do nothing and the exposition is empty. */
  readonly enabled: boolean;
  /** Enabled subjects; instruments of other subjects do nothing and are not exposed. */
  readonly subjects: ReadonlySet<TelemetrySubject>;
  counter<N extends MetricName<'counter'>>(name: N): Counter<N>;
  gauge<N extends MetricName<'gauge'>>(name: N): Gauge<N>;
  histogram<N extends MetricName<'histogram'>>(name: N): Histogram<N>;
  /**
   * Registers a function that sets gauges before each exposition.
   * @param subject subject of these gauges; the function does not run while it is disabled
   */
  onCollect(update: () => void, subject?: TelemetrySubject): void;
  /** Renders the response to a scrape. Default format: `text`. */
  exposition(format?: ExpositionFormat): Promise<RenderedExposition>;
}

/** Options of `createMetrics`. */
export interface MetricsOptions extends FeatureFlagOptions {
  readonly service: string;
  readonly version: string;
  /** Commit of the build. Default `unknown`. */
  readonly revision?: string | undefined;
  readonly enabled: boolean;
  /** Returns the active trace if it is recorded; it becomes the exemplar of observations in OpenMetrics. */
  readonly currentTraceId?: () => string | undefined;
}

const NOOP = {
  inc: () => undefined,
  dec: () => undefined,
  set: () => undefined,
  observe: () => undefined,
  remove: () => undefined,
  zero: () => undefined,
};

/**
 * Creates the metrics of a process with a separate registry. Counters and histograms that the catalogue declares for the
 * service exist from the start, unless their subject is disabled. A label value outside its set is recorded as `other` and
 * counted.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  if (!options.enabled) return createDisabledMetrics();
  const registry = createRegistry();
  const flags = resolveFeatureFlags(options);
  const subjects = new Set(options.subjects ?? TELEMETRY_SUBJECTS);
  const updates: (() => void)[] = [];
  collectDefaultMetrics({ register: registry });
  const guardOf = createLabelGuards(() => dropped.inc({ signal: 'metrics', reason: 'label_not_in_set' }));
  const toOptions = (name: keyof typeof CATALOGUE) => {
    const declaration = CATALOGUE[name];
    return { name, declaration, registry, guard: guardOf(declaration) };
  };
  const isEnabled = (name: keyof typeof CATALOGUE) =>
    requiredFeatureFlags(CATALOGUE[name]).every((flag) => flags[flag]);
  const counters = memoize((name: MetricName<'counter'>) => (isEnabled(name) ? createCounter(toOptions(name)) : NOOP));
  const gauges = memoize((name: MetricName<'gauge'>) => (isEnabled(name) ? createGauge(toOptions(name)) : NOOP));
  const histograms = memoize((name: MetricName<'histogram'>) =>
    isEnabled(name) ? createHistogram(toOptions(name), options.currentTraceId) : NOOP,
  );
  /** Concurrent scrapes share one rendering, so that their memory usage stays bounded. */
  const renderings = new Map<ExpositionFormat, Promise<RenderedExposition>>();
  const metrics: Metrics = {
    enabled: true,
    subjects,
    counter: counters,
    gauge: gauges,
    histogram: histograms,
    onCollect: (update, subject) => {
      if (subject === undefined || subjects.has(subject)) updates.push(update);
    },
    exposition: (format = 'text') => {
      const running = renderings.get(format);
      if (running !== undefined) return running;
      for (const update of updates) update();
      const rendering = renderExposition(registry, format).finally(() => renderings.delete(format));
      renderings.set(format, rendering);
      return rendering;
    },
  };
  const dropped = metrics.counter('aion_telemetry_dropped_total');
  createDeclaredInstruments(metrics, options.service);
  setProcessGauges(metrics);
  const { service, version, revision = 'unknown' } = options;
  metrics.gauge('aion_build_info').set({ service, version, revision }, 1);
  for (const [feature, isOn] of Object.entries(flags)) {
    metrics.gauge('aion_feature_enabled').set({ feature }, isOn ? 1 : 0);
  }
  return metrics;
}

/** Returns a function that creates the instrument of a name once. */
function memoize<K, V>(create: (name: K) => V): (name: K) => V {
  const created = new Map<K, V>();
  return (name) => {
    const existing = created.get(name);
    if (existing !== undefined) return existing;
    const instrument = create(name);
    created.set(name, instrument);
    return instrument;
  };
}

/** Creates declared counters and histograms. Not gauges: an unset gauge would report 0 for an unknown value. */
function createDeclaredInstruments(metrics: Metrics, service: string): void {
  // `Object.keys` is typed as strings, but these are the keys of the catalogue.
  for (const name of Object.keys(CATALOGUE) as (keyof typeof CATALOGUE)[]) {
    if (!CATALOGUE[name].emittedBy.some((emitter) => emitter === service)) continue;
    if (hasType(name, 'counter')) metrics.counter(name);
    else if (hasType(name, 'histogram')) metrics.histogram(name);
  }
}

function hasType<T extends 'counter' | 'histogram'>(name: keyof typeof CATALOGUE, type: T): name is MetricName<T> {
  return CATALOGUE[name].type === type;
}

function createDisabledMetrics(): Metrics {
  return {
    enabled: false,
    subjects: new Set(),
    counter: () => NOOP,
    gauge: () => NOOP,
    histogram: () => NOOP,
    onCollect: () => undefined,
    exposition: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
  };
}
