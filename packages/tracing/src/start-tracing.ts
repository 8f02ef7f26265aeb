import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  CompositePropagator,
  ExportResultCode,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
  type ExportResult,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { SpanRecord } from './span-record.ts';
import { SpanStore } from './span-store.ts';

/** How a process traces. */
export interface TracingOptions {
  /** `service.name`. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** When false, context still propagates and ids still reach the logs, but no span is recorded. */
  readonly enabled: boolean;
  /** Share of new traces that are recorded, 0 to 1; a sampled parent is always followed. */
  readonly sampleRatio: number;
  /** Base URL of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`; without one, spans stay in the store. */
  readonly otlpEndpoint?: string | undefined;
}

/** The running tracer of a process. */
export interface Tracing {
  /** Finished spans, when no OTLP endpoint takes them. */
  readonly store: SpanStore | undefined;
  /** Flushes what is pending, within a bounded time, and unregisters. */
  shutdown(): Promise<void>;
}

const KINDS = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
} as const;
const STATUSES = {
  [SpanStatusCode.UNSET]: 'unset',
  [SpanStatusCode.OK]: 'ok',
  [SpanStatusCode.ERROR]: 'error',
} as const;

/** Starts tracing for this process. The one place that knows the OpenTelemetry SDK. */
export function startTracing(options: TracingOptions): Tracing {
  const store = options.otlpEndpoint === undefined ? new SpanStore() : undefined;
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.serviceVersion,
    }),
    sampler: options.enabled
      ? new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) })
      : new AlwaysOffSampler(),
    spanProcessors: [createProcessor(options, store)],
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

function createProcessor(options: TracingOptions, store: SpanStore | undefined): SpanProcessor {
  if (store !== undefined) return new SimpleSpanProcessor(createStoreExporter(store));
  const exporter = new OTLPTraceExporter({
    url: `${(options.otlpEndpoint ?? '').replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: 3_000,
  });
  return new BatchSpanProcessor(exporter, {
    maxQueueSize: 4_096,
    maxExportBatchSize: 512,
    scheduledDelayMillis: 1_000,
    exportTimeoutMillis: 3_000,
  });
}

function createStoreExporter(store: SpanStore): SpanExporter {
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void) {
      for (const span of spans) store.add(toSpanRecord(span));
      done({ code: ExportResultCode.SUCCESS });
    },
    shutdown: () => Promise.resolve(),
  };
}

function toSpanRecord(span: ReadableSpan): SpanRecord {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    ...(span.parentSpanContext === undefined ? {} : { parentSpanId: span.parentSpanContext.spanId }),
    links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })),
    name: span.name,
    kind: KINDS[span.kind],
    service: String(span.resource.attributes['service.name']),
    startTimeMs: span.startTime[0] * 1_000 + span.startTime[1] / 1e6,
    durationMs: span.duration[0] * 1_000 + span.duration[1] / 1e6,
    status: STATUSES[span.status.code],
    attributes: span.attributes,
  };
}
