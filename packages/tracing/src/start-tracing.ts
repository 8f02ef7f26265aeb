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

/** Options of `startTracing`. */
export interface TracingOptions {
  /** `service.name`. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** If false, no span is recorded; context is still propagated and logs still contain ids. */
  readonly enabled: boolean;
  /** Subjects whose spans are recorded. Default: all. Children of an omitted span are attached to its parent. */
  readonly subjects?: readonly TelemetrySubject[] | undefined;
  /** Share of new traces that are recorded, 0 to 1. The decision depends on the trace id alone. */
  readonly sampleRatio: number;
  /** Ratios that replace `sampleRatio` for traces that start with a request to a route, such as `GET /v1/models`: 0.01. */
  readonly routeRatios?: ReadonlyMap<string, number> | undefined;
  /** If true (default), the sampling decision of the caller is used; otherwise each process decides by the trace id. */
  readonly parentBased?: boolean | undefined;
  /** Base URL of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`. Without a receiver spans are stored in the process. */
  readonly otlpEndpoint?: string | undefined;
  /** Full URL for spans; overrides `otlpEndpoint`. */
  readonly otlpTracesEndpoint?: string | undefined;
  readonly otlpHeaders?: Readonly<Record<string, string>> | undefined;
  /** Additional resource attributes; they cannot override `service.name` and `service.version`. */
  readonly resourceAttributes?: Readonly<Record<string, string>> | undefined;
  readonly exportLimits?: Partial<ExportLimits> | undefined;
  /** Maximum length of a text attribute, in characters. Default 4 096. */
  readonly maxAttributeLength?: number | undefined;
  /** Called for dropped spans. */
  readonly onDrop?: OnDrop | undefined;
  /** Redacts secrets in a text; applied to all text of a span before it is exported or stored. */
  readonly redactText?: ((text: string) => string) | undefined;
}

/** Running tracing of a process. */
export interface Tracing {
  /** Store of finished spans, if no OTLP receiver is configured. */
  readonly store: SpanStore | undefined;
  /** Exports queued spans within `exportLimits.timeoutMs` and unregisters tracing. */
  shutdown(): Promise<void>;
}

const EXPORT_LIMITS: ExportLimits = { maxQueueSize: 4_096, maxBatchSize: 512, delayMs: 1_000, timeoutMs: 3_000 };
const MAX_ATTRIBUTE_LENGTH = 4_096;
/** One running request, and timed-out requests whose sockets are not closed yet. */
const MAX_CONCURRENT_EXPORTS = 4;
/** Health checks and scrapes, which are frequent and never worth a trace. */
const NEVER_TRACED = /^[A-Z]+ \/(?:healthz?|readyz|livez|metrics)$/;

/** Starts tracing for this process. Only this file imports the OpenTelemetry SDK. */
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
    // `HeadSamplingProvider` has already made the sampling decision.
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: options.maxAttributeLength ?? MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [
      store === undefined
        ? createExportProcessor(options, url)
        : createProcessor(options, { add: (span) => store.add(toSpanRecord(span)) }),
    ],
  });
  const { subjects = TELEMETRY_SUBJECTS } = options;
  const disabledTracers = new Set(
    TELEMETRY_SUBJECTS.filter((subject) => !subjects.includes(subject)).map(tracerNameOf),
  );
  trace.setGlobalTracerProvider(
    new HeadSamplingProvider({
      recorder: provider,
      ids,
      isSampled: options.enabled ? createSampler(options) : () => false,
      isTracerEnabled: (name) => !disabledTracers.has(name),
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
    const parentSpan = options.parentBased === false ? undefined : trace.getSpanContext(parent);
    if (parentSpan !== undefined && trace.isSpanContextValid(parentSpan)) {
      return (parentSpan.traceFlags & TraceFlags.SAMPLED) !== 0;
    }
    const sampler = (kind === SpanKind.SERVER ? byRoute.get(name) : undefined) ?? fallback;
    return sampler.shouldSample(parent, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  };
}

/** Destination of finished spans. */
interface SpanSink {
  add(span: ReadableSpan): void;
  flush?(): Promise<void>;
  shutdown?(): Promise<void>;
}

function createProcessor({ redactText }: TracingOptions, sink: SpanSink): SpanProcessor {
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (redactText !== undefined) redactSpan(span, redactText);
      sink.add(span);
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
    add: (span) => queue.add(span),
    flush: () => queue.flush(),
    // The exporter only has requests to close, which the queue has already cancelled.
    shutdown: () => queue.shutdown(),
  });
}
