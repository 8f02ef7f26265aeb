import { TELEMETRY_SUBJECTS, type TelemetrySubject } from '@aion/config';
import { context, propagation, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  NodeTracerProvider,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { OnDrop } from './drop-reasons.ts';
import { ExportQueue, type ExportLimits } from './export-queue.ts';
import { redactSpan, toSpanRecord } from './finished-span.ts';
import { HeadSamplingProvider, type HeadSampler } from './head-sampling-provider.ts';
import { SpanIds } from './span-ids.ts';
import { SpanStore } from './span-store.ts';
import { tracerNameOf } from './with-span.ts';

/** How a process traces. */
export interface TracingOptions {
  /** `service.name`. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** When false, context still propagates and ids still reach the logs, but no span is recorded. */
  readonly enabled: boolean;
  /** The subjects whose spans are recorded, all by default. What happens below a span that is not belongs to the one above. */
  readonly subjects?: readonly TelemetrySubject[] | undefined;
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
  const ids = new SpanIds();
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      ...options.resourceAttributes,
      'service.name': options.serviceName,
      'service.version': options.serviceVersion,
    }),
    // It is asked for what is sampled already.
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: options.maxAttributeLength ?? MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [
      store === undefined
        ? createExportProcessor(options, url)
        : createProcessor(options, { take: (span) => store.add(toSpanRecord(span)) }),
    ],
  });
  const { subjects = TELEMETRY_SUBJECTS } = options;
  const tracersOff = new Set(TELEMETRY_SUBJECTS.filter((subject) => !subjects.includes(subject)).map(tracerNameOf));
  trace.setGlobalTracerProvider(
    new HeadSamplingProvider({
      recorder: provider,
      ids,
      isSampled: options.enabled ? createSampler(options) : () => false,
      isTracerEnabled: (name) => !tracersOff.has(name),
    }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
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

function createSampler(options: TracingOptions): HeadSampler {
  const fallback = new TraceIdRatioBasedSampler(options.sampleRatio);
  const byRoute = new Map(
    [...(options.routeRatios ?? [])].map(([route, ratio]) => [route, new TraceIdRatioBasedSampler(ratio)]),
  );
  return (parent, traceId, name, kind) => {
    if (kind === SpanKind.SERVER && NEVER_TRACED.test(name)) return false;
    const above = options.parentBased === false ? undefined : trace.getSpanContext(parent);
    if (above !== undefined && trace.isSpanContextValid(above)) return (above.traceFlags & TraceFlags.SAMPLED) !== 0;
    const sampler = (kind === SpanKind.SERVER ? byRoute.get(name) : undefined) ?? fallback;
    return sampler.shouldSample(parent, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
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
