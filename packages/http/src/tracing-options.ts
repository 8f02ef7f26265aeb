import type { ConfigOf, tracingVariables } from '@aion/config';
import { redactText } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { SpanDropReason, TracingOptions } from '@aion/tracing';

/** Tracing variables of the configuration. */
export type TracingConfig = ConfigOf<typeof tracingVariables>;

/** Reasons as label values of the metrics catalogue; undefined does not count, since the store evicts old traces by design. */
const REASONS: Readonly<Record<SpanDropReason, string | undefined>> = {
  queue_full: 'queue_full',
  export_failed: 'export_failed',
  shutdown: 'shutdown',
  store_full: 'store_full',
  store_evicted: undefined,
};

/** Maps the configuration of a service to the options of tracing; dropped spans are counted in its metrics. */
export function toTracingOptions(
  service: { readonly name: string; readonly version: string },
  config: TracingConfig & { readonly environment: 'development' | 'staging' | 'production' },
  metrics: Metrics,
): TracingOptions {
  const dropped = metrics.counter('aion_telemetry_dropped_total');
  return {
    serviceName: service.name,
    serviceVersion: service.version,
    enabled: config.tracingEnabled && !config.otelSdkDisabled,
    subjects: config.tracingSubjects,
    sampleRatio: config.traceSampleRatio ?? samplerRatio(config) ?? (config.environment === 'development' ? 1 : 0.1),
    routeRatios: config.traceRouteRatios,
    parentBased: config.tracesSampler?.startsWith('parentbased_') ?? true,
    otlpEndpoint: config.otlpEndpoint,
    otlpTracesEndpoint: config.otlpTracesEndpoint,
    otlpHeaders: { ...config.otlpHeaders, ...config.otlpTracesHeaders },
    resourceAttributes: config.resourceAttributes,
    exportLimits: {
      maxQueueSize: config.spanQueueSize,
      maxBatchSize: config.spanBatchSize,
      delayMs: config.spanDelayMs,
      timeoutMs: config.spanTimeoutMs,
    },
    maxAttributeLength: config.maxSpanAttributeLength,
    redactText,
    onDrop: (reason, count) => {
      const label = REASONS[reason];
      if (label !== undefined) dropped.inc({ signal: 'traces', reason: label }, count);
    },
  };
}

/** Returns the sampling ratio of `OTEL_TRACES_SAMPLER` (OpenTelemetry, environment variable specification). */
function samplerRatio({ tracesSampler, tracesSamplerRatio }: TracingConfig): number | undefined {
  if (tracesSampler === undefined) return undefined;
  if (tracesSampler.endsWith('always_on')) return 1;
  return tracesSampler.endsWith('always_off') ? 0 : (tracesSamplerRatio ?? 1);
}
