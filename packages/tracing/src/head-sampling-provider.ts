import {
  context,
  SpanKind,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { SpanIds } from './span-ids.ts';

/** Decides whether a span is sampled. */
export type HeadSampler = (parent: Context, traceId: string, name: string, kind: SpanKind) => boolean;

/** Options of `HeadSamplingProvider`. */
export interface HeadSamplingOptions {
  /** Provider that records every span that it creates, with ids from `ids`. */
  readonly recorder: TracerProvider;
  readonly isSampled: HeadSampler;
  readonly ids: SpanIds;
  /** Reports whether the spans of a tracer are recorded. */
  readonly isTracerEnabled: (name: string) => boolean;
}

/**
 * Makes the sampling decision before the SDK builds a span. Most spans in production are not sampled, and the SDK prepares
 * attributes, links and its own metrics for each span before it calls its sampler. Here an unsampled span costs three ids.
 */
export class HeadSamplingProvider implements TracerProvider {
  readonly #options: HeadSamplingOptions;
  readonly #tracers = new Map<string, Tracer>();

  constructor(options: HeadSamplingOptions) {
    this.#options = options;
  }

  getTracer(name: string, version?: string): Tracer {
    const key = `${name}@${version ?? ''}`;
    const known = this.#tracers.get(key);
    if (known !== undefined) return known;
    const recorder = this.#options.recorder.getTracer(name, version);
    const tracer = new HeadSamplingTracer(this.#options, recorder, this.#options.isTracerEnabled(name));
    this.#tracers.set(key, tracer);
    return tracer;
  }
}

class HeadSamplingTracer implements Tracer {
  readonly #options: HeadSamplingOptions;
  readonly #recorder: Tracer;
  readonly #isEnabled: boolean;

  constructor(options: HeadSamplingOptions, recorder: Tracer, isEnabled: boolean) {
    this.#options = options;
    this.#recorder = recorder;
    this.#isEnabled = isEnabled;
  }

  startSpan(name: string, options: SpanOptions = {}, parent: Context = context.active()): Span {
    const { isSampled, ids } = this.#options;
    const base = options.root === true ? trace.deleteSpan(parent) : parent;
    const candidate = trace.getSpanContext(base);
    const parentSpan = candidate !== undefined && trace.isSpanContextValid(candidate) ? candidate : undefined;
    // A disabled tracer adds no span: child spans are attached to the parent span.
    if (!this.#isEnabled && parentSpan !== undefined) return trace.wrapSpanContext(parentSpan);
    const traceId = parentSpan?.traceId ?? ids.generateTraceId();
    const sampled = isSampled(base, traceId, name, options.kind ?? SpanKind.INTERNAL);
    if (sampled && this.#isEnabled) {
      if (parentSpan === undefined) ids.reserveTraceId(traceId);
      return this.#recorder.startSpan(name, options, parent);
    }
    const traceState = parentSpan?.traceState;
    return trace.wrapSpanContext({
      traceId,
      spanId: ids.generateSpanId(),
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
      ...(traceState === undefined ? {} : { traceState }),
    });
  }

  startActiveSpan<F extends (span: Span) => ReturnType<F>>(name: string, run: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => ReturnType<F>>(name: string, options: SpanOptions, run: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => ReturnType<F>>(
    name: string,
    options: SpanOptions,
    parent: Context,
    run: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => ReturnType<F>>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const [options, parent, run] =
      rest.length === 1
        ? [{}, context.active(), rest[0]]
        : rest.length === 2
          ? [rest[0], context.active(), rest[1]]
          : rest;
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), run, undefined, span);
  }
}
