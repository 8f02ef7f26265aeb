import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  type HistogramConfiguration,
} from 'prom-client';
import type { MetricDeclaration } from './catalogue/metric-declaration.ts';
import type { MetricRegistry } from './exposition.ts';
import { closedCombinations, type LabelGuard, type Labels } from './label-guard.ts';

/** What an instrument is made of. */
export interface InstrumentOptions {
  readonly name: string;
  readonly declaration: MetricDeclaration;
  readonly registry: MetricRegistry;
  readonly guard: LabelGuard;
}

/** Creates a counter whose closed combinations are at zero: a series born at its final value is invisible to `rate()`. */
export function createCounter(options: InstrumentOptions) {
  const { guard } = options;
  const counter = new PromCounter(configure(options));
  for (const labels of closedCombinations(options.declaration)) counter.inc(labels, 0);
  return { inc: (labels: Labels, by = 1) => counter.inc(guard(labels), by) };
}

/** Creates a gauge; it shows nothing before it is set, unless it has no labels. */
export function createGauge(options: InstrumentOptions) {
  const { guard } = options;
  const gauge = new PromGauge(configure(options));
  return {
    set: (labels: Labels, value: number) => gauge.set(guard(labels), value),
    inc: (labels: Labels) => gauge.inc(guard(labels)),
    dec: (labels: Labels) => gauge.dec(guard(labels)),
    remove: (labels: Labels) => gauge.remove(guard(labels)),
  };
}

/**
 * Creates a histogram whose closed combinations are at zero.
 * @param currentTraceId the trace that an observation belongs to, when it is kept: the exemplar of its bucket
 */
export function createHistogram(options: InstrumentOptions, currentTraceId: (() => string | undefined) | undefined) {
  const { guard, declaration } = options;
  const configuration: HistogramConfiguration<string> = {
    ...configure(options),
    buckets: [...(declaration.buckets ?? [])],
    enableExemplars: currentTraceId !== undefined,
  };
  const histogram = new PromHistogram(configuration);
  const started = new Set<string>();
  /** prom-client's `zero` forgets what was observed; instruments that are created anew must not. */
  const zero = (labels: Labels): void => {
    const key = JSON.stringify(labels);
    if (started.has(key)) return;
    started.add(key);
    histogram.zero(labels);
  };
  for (const labels of closedCombinations(declaration)) zero(labels);
  return {
    observe: (labels: Labels, value: number) => {
      const guarded = guard(labels);
      if (currentTraceId === undefined) {
        histogram.observe(guarded, value);
        return;
      }
      const traceId = currentTraceId();
      histogram.observe({
        labels: guarded,
        value,
        ...(traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } }),
      });
    },
    zero: (labels: Labels) => zero(guard(labels)),
  };
}

function configure({ name, declaration, registry }: InstrumentOptions) {
  return { name, help: declaration.help, labelNames: Object.keys(declaration.labels), registers: [registry] };
}
