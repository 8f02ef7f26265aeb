import { context, propagation, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  CompositePropagator,
  ExportResultCode,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  NodeTracerProvider,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { OnDrop } from './drop-reasons.ts';
import { ExportQueue, type ExportLimits } from './export-queue.ts';
import { redactSpan, toSpanRecord } from './finished-span.ts';
import { SpanStore } from './span-store.ts';

/** How a process traces. */
export interface TracingOptions {
  /** `service.name`. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** When false, context still propagates and ids still reach the logs, but no span is recorded. */
  readonly enabled: boolean;
  /** Share of new traces that are recorded, 0 to 1; which ones depends on the trace id alone. */
  readonly sampleRatio: number;
  /** Instead of `sampleRatio` for traces that begin with a request to a route: `POST /v1/chat/completions` to 0.01. */
  readonly routeRatios?: ReadonlyMap<string, number> | undefined;
  /** Whether the decision of the caller is followed, default true; else each process decides by the trace id. */
  readonly parentBased?: boolean | undefined;
  /** Base URL of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`; without one, spans stay in the store. */
  readonly otlpEndpoint?: string | undefined;
  /** The whole URL for spans; goes before `otlpEndpoint`. */
  readonly otlpTracesEndpoint?: string | undefined;
  readonly otlpHeaders?: Readonly<Record<string, string>> | undefined;
  /** More attributes of the process; `service.name` and `service.version` are not among them. */
  readonly resourceAttributes?: Readonly<Record<string, string>> | undefined;
  readonly exportLimits?: Partial<ExportLimits> | undefined;
  /** The longest text of an attribute, in characters. Default 4 096. */
  readonly maxAttributeLength?: number | undefined;
  /** Told of each span that is lost. */
  readonly onDrop?: OnDrop | undefined;
  /** Takes secrets out of a text; everything textual of a span passes it before the span leaves. */
  readonly redactText?: ((text: string) => string) | undefined;
}

/** The running tracer of a process. */
export interface Tracing {
  /** Finished spans, when no OTLP endpoint takes them. */
  readonly store: SpanStore | undefined;
  /** Flushes what is pending, within `exportLimits.timeoutMs`, and unregisters. */
  shutdown(): Promise<void>;
}

const EXPORT_LIMITS: ExportLimits = { maxQueueSize: 4_096, maxBatchSize: 512, delayMs: 1_000, timeoutMs: 3_000 };
const MAX_ATTRIBUTE_LENGTH = 4_096;
/** Requests that were given up and whose sockets are not closed yet, and one more. */
const MAX_CONCURRENT_EXPORTS = 4;
/** Asked every few seconds by machines: never worth a trace. */
const NEVER_TRACED = /^[A-Z]+ \/(?:healthz?|readyz|livez|metrics)$/;

/** Starts tracing for this process. The one place that knows the OpenTelemetry SDK. */
export function startTracing(options: TracingOptions): Tracing {
  const url = tracesUrl(options);
  const store = url === undefined ? new SpanStore({ onDrop: options.onDrop }) : undefined;
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      ...options.resourceAttributes,
      'service.name': options.serviceName,
      'service.version': options.serviceVersion,
    }),
    sampler: options.enabled ? createSampler(options) : new AlwaysOffSampler(),
    spanLimits: { attributeValueLengthLimit: options.maxAttributeLength ?? MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [
      store === undefined
        ? createExportProcessor(options, url)
        : createProcessor(options, { take: (span) => store.add(toSpanRecord(span)) }),
    ],
  });
  provider.register({
    contextManager: new AsyncLocalStorageContextManager(),
    propagator: new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  });
  return {
    store,
    shutdown: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

function tracesUrl({ otlpEndpoint, otlpTracesEndpoint }: TracingOptions): string | undefined {
  if (otlpTracesEndpoint !== undefined) return otlpTracesEndpoint;
  return otlpEndpoint === undefined ? undefined : `${otlpEndpoint.replace(/\/+$/, '')}/v1/traces`;
}

function createSampler(options: TracingOptions): Sampler {
  const fallback = new TraceIdRatioBasedSampler(options.sampleRatio);
  const byRoute = new Map(
    [...(options.routeRatios ?? [])].map(([route, ratio]) => [route, new TraceIdRatioBasedSampler(ratio)]),
  );
  const root: Sampler = {
    shouldSample: (parent, traceId, name, kind) => {
      const sampler = (kind === SpanKind.SERVER ? byRoute.get(name) : undefined) ?? fallback;
      return sampler.shouldSample(parent, traceId);
    },
  };
  const sampler = options.parentBased === false ? root : new ParentBasedSampler({ root });
  return {
    shouldSample: (parent, traceId, name, kind, attributes, links) =>
      kind === SpanKind.SERVER && NEVER_TRACED.test(name)
        ? { decision: SamplingDecision.NOT_RECORD }
        : sampler.shouldSample(parent, traceId, name, kind, attributes, links),
  };
}

/** Where finished spans go. */
interface SpanSink {
  take(span: ReadableSpan): void;
  flush?(): Promise<void>;
  shutdown?(): Promise<void>;
}

function createProcessor({ redactText }: TracingOptions, sink: SpanSink): SpanProcessor {
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (redactText !== undefined) redactSpan(span, redactText);
      sink.take(span);
    },
    forceFlush: async () => sink.flush?.(),
    shutdown: async () => sink.shutdown?.(),
  };
}

function createExportProcessor(options: TracingOptions, url: string | undefined): SpanProcessor {
  const limits = { ...EXPORT_LIMITS, ...options.exportLimits };
  const exporter = new OTLPTraceExporter({
    ...(url === undefined ? {} : { url }),
    ...(options.otlpHeaders === undefined ? {} : { headers: { ...options.otlpHeaders } }),
    timeoutMillis: limits.timeoutMs,
    concurrencyLimit: MAX_CONCURRENT_EXPORTS,
  });
  const queue = new ExportQueue<ReadableSpan>({
    limits,
    send: (batch, done) => exporter.export(batch, ({ code }) => done(code === ExportResultCode.SUCCESS)),
    onDrop: options.onDrop ?? (() => undefined),
  });
  return createProcessor(options, {
    take: (span) => queue.add(span),
    flush: () => queue.flush(),
    // The exporter has nothing to close but requests that the queue has given up already.
    shutdown: () => queue.shutdown(),
  });
}
