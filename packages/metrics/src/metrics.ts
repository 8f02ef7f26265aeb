import { TELEMETRY_SUBJECTS, type TelemetrySubject } from '@aion/config';
import { collectDefaultMetrics } from 'prom-client';
import { CATALOGUE, type LabelsOf, type MetricName } from './catalogue.ts';
import { createRegistry, renderExposition, type ExpositionFormat, type RenderedExposition } from './exposition.ts';
import { decideFeatures, featuresNeededBy, type FeatureOptions } from './catalogue/metric-features.ts';
import { createCounter, createGauge, createHistogram } from './instruments.ts';
import { createLabelGuards } from './label-guard.ts';
import { reportProcess } from './process-gauges.ts';

/** Counts up. */
export interface Counter<N extends MetricName<'counter'>> {
  inc(labels: LabelsOf<N>, by?: number): void;
}
/** Shows a value that goes up and down. */
export interface Gauge<N extends MetricName<'gauge'>> {
  set(labels: LabelsOf<N>, value: number): void;
  inc(labels: LabelsOf<N>): void;
  dec(labels: LabelsOf<N>): void;
  /** Takes a series out of the exposition: its value is not known any more. */
  remove(labels: LabelsOf<N>): void;
}
/** Sorts observations into buckets. */
export interface Histogram<N extends MetricName<'histogram'>> {
  /** @param value in the unit of the metric's name */
  observe(labels: LabelsOf<N>, value: number): void;
  /** Shows a series before its first observation, so that `rate()` sees that one. A second call does nothing. */
  zero(labels: LabelsOf<N>): void;
}

/** The metrics of one process, by the names of the catalogue. */
export interface Metrics {
  /** When false every instrument does nothing and there is no exposition. */
  readonly enabled: boolean;
  /** What is measured: the instruments of other subjects do nothing and are not exposed. */
  readonly subjects: ReadonlySet<TelemetrySubject>;
  counter<N extends MetricName<'counter'>>(name: N): Counter<N>;
  gauge<N extends MetricName<'gauge'>>(name: N): Gauge<N>;
  histogram<N extends MetricName<'histogram'>>(name: N): Histogram<N>;
  /**
   * Runs just before each exposition, to set gauges from what is true now.
   * @param subject that of all the gauges which it sets, so that it does not run while that is switched off
   */
  onCollect(update: () => void, subject?: TelemetrySubject): void;
  /** What a scrape is answered with; `text` by default. */
  exposition(format?: ExpositionFormat): Promise<RenderedExposition>;
}

/** Which process the metrics are of. */
export interface MetricsOptions extends FeatureOptions {
  readonly service: string;
  readonly version: string;
  /** The commit of the build. Default `unknown`. */
  readonly revision?: string | undefined;
  readonly enabled: boolean;
  /** The trace that is active and kept, which OpenMetrics shows as the exemplar of what is observed in it. */
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
 * Creates the metrics of a process on a registry of its own. The counters and histograms that the catalogue says its
 * service emits exist from the start, unless their subject is switched off. A label that holds what is not of its set is recorded as `other`, and counted.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  if (!options.enabled) return createDisabledMetrics();
  const registry = createRegistry();
  const features = decideFeatures(options);
  const subjects = new Set(options.subjects ?? TELEMETRY_SUBJECTS);
  const updates: (() => void)[] = [];
  collectDefaultMetrics({ register: registry });
  const guardOf = createLabelGuards(() => dropped.inc({ signal: 'metrics', reason: 'label_not_in_set' }));
  const describe = (name: keyof typeof CATALOGUE) => {
    const declaration = CATALOGUE[name];
    return { name, declaration, registry, guard: guardOf(declaration) };
  };
  const isOn = (name: keyof typeof CATALOGUE) =>
    featuresNeededBy(CATALOGUE[name]).every((feature) => features[feature]);
  const counters = remember((name: MetricName<'counter'>) => (isOn(name) ? createCounter(describe(name)) : NOOP));
  const gauges = remember((name: MetricName<'gauge'>) => (isOn(name) ? createGauge(describe(name)) : NOOP));
  const histograms = remember((name: MetricName<'histogram'>) =>
    isOn(name) ? createHistogram(describe(name), options.currentTraceId) : NOOP,
  );
  /** Scrapers that come while one is served get what it gets: any number of them costs the memory of one. */
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
  createDeclared(metrics, options.service);
  reportProcess(metrics);
  const { service, version, revision = 'unknown' } = options;
  metrics.gauge('aion_build_info').set({ service, version, revision }, 1);
  for (const [feature, on] of Object.entries(features)) {
    metrics.gauge('aion_feature_enabled').set({ feature }, on ? 1 : 0);
  }
  return metrics;
}

/** The instrument that was created under this name before: asking twice gives the same one. */
function remember<K, V>(create: (name: K) => V): (name: K) => V {
  const known = new Map<K, V>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const created = create(name);
    known.set(name, created);
    return created;
  };
}

/** Gauges are left out: one that nobody has set would say 0 of what is not known. */
function createDeclared(metrics: Metrics, service: string): void {
  // `Object.entries` forgets that the keys are the catalogue's.
  for (const name of Object.keys(CATALOGUE) as (keyof typeof CATALOGUE)[]) {
    if (!CATALOGUE[name].emittedBy.some((emitter) => emitter === service)) continue;
    if (isA(name, 'counter')) metrics.counter(name);
    else if (isA(name, 'histogram')) metrics.histogram(name);
  }
}

function isA<T extends 'counter' | 'histogram'>(name: keyof typeof CATALOGUE, type: T): name is MetricName<T> {
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
