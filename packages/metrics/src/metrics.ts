import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import { CATALOGUE, type LabelsOf, type MetricName } from './catalogue.ts';
import type { MetricDeclaration } from './catalogue/metric-declaration.ts';

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
  counter<N extends MetricName<'counter'>>(name: N): Counter<N>;
  gauge<N extends MetricName<'gauge'>>(name: N): Gauge<N>;
  histogram<N extends MetricName<'histogram'>>(name: N): Histogram<N>;
  /** Runs just before each exposition, to set gauges from what is true now. */
  onCollect(update: () => void): void;
  /** The Prometheus text exposition format. */
  exposition(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Which process the metrics are of. */
export interface MetricsOptions {
  readonly service: string;
  readonly version: string;
  /** The commit of the build. Default `unknown`. */
  readonly revision?: string | undefined;
  readonly enabled: boolean;
}

const NOOP = {
  inc: () => undefined,
  dec: () => undefined,
  set: () => undefined,
  observe: () => undefined,
  remove: () => undefined,
  zero: () => undefined,
};

/** Creates the metrics of a process on a registry of its own. */
export function createMetrics(options: MetricsOptions): Metrics {
  if (!options.enabled) return createDisabledMetrics();
  const registry = new Registry();
  const updates: (() => void)[] = [];
  collectDefaultMetrics({ register: registry });
  const common = (name: string, declaration: MetricDeclaration) => ({
    name,
    help: declaration.help,
    labelNames: Object.keys(declaration.labels),
    registers: [registry],
  });
  const metrics: Metrics = {
    enabled: true,
    counter: (name) => existing(registry, name, PromCounter) ?? new PromCounter(common(name, CATALOGUE[name])),
    gauge: (name) => existing(registry, name, PromGauge) ?? new PromGauge(common(name, CATALOGUE[name])),
    histogram: (name) => {
      const declaration = CATALOGUE[name];
      return (
        existing(registry, name, PromHistogram) ??
        new StartedHistogram({ ...common(name, declaration), buckets: [...declaration.buckets] })
      );
    },
    onCollect: (update) => {
      updates.push(update);
    },
    exposition: async () => {
      for (const update of updates) update();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
  metrics
    .gauge('aion_build_info')
    .set({ service: options.service, version: options.version, revision: options.revision ?? 'unknown' }, 1);
  return metrics;
}

/** prom-client's `zero` forgets what was observed; instruments that are created anew must not. */
class StartedHistogram extends PromHistogram {
  readonly #started = new Set<string>();

  override zero(labels: Readonly<Record<string, string>>): void {
    const key = JSON.stringify(labels);
    if (this.#started.has(key)) return;
    this.#started.add(key);
    super.zero(labels);
  }
}

/** The instrument that was created under this name before: asking twice gives the same one. */
function existing<T>(registry: Registry, name: string, kind: abstract new (...args: never[]) => T): T | undefined {
  const found: unknown = registry.getSingleMetric(name);
  return found instanceof kind ? found : undefined;
}

function createDisabledMetrics(): Metrics {
  return {
    enabled: false,
    counter: () => NOOP,
    gauge: () => NOOP,
    histogram: () => NOOP,
    onCollect: () => undefined,
    exposition: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
  };
}
