import { TELEMETRY_SUBJECTS } from './telemetry-subjects.ts';
import { optionalVariable, types, variable } from './variable.ts';

/** How spans are chosen, bounded and sent; names of OpenTelemetry where it has one. */
export const tracingVariables = {
  tracingEnabled: variable('AION_TRACING_ENABLED', types.flag(), {
    description: 'Whether spans are recorded.',
    example: 'true',
    fallback: 'true',
  }),
  tracingSubjects: variable('AION_TRACING_SUBJECTS', types.subsetOf(TELEMETRY_SUBJECTS), {
    description:
      'What has spans: requests, PostgreSQL, inference, queues; or `none`. What happens below a span that is left out belongs to the one above.',
    example: 'http,ai',
    fallback: TELEMETRY_SUBJECTS.join(','),
  }),
  otelSdkDisabled: variable('OTEL_SDK_DISABLED', types.flag(), {
    description: 'The standard way to switch spans off: `true` means the same as `AION_TRACING_ENABLED=false`.',
    example: 'false',
    fallback: 'false',
  }),
  traceSampleRatio: optionalVariable('AION_TRACING_SAMPLE_RATIO', types.ratio(), {
    description: 'The share of new traces that is recorded; 0.1 in production, 1 in development.',
    example: '0.1',
  }),
  traceRouteRatios: optionalVariable('AION_TRACING_ROUTE_RATIOS', types.routeRatios(), {
    description: 'Other shares for traces that begin with a request to a route; a sampled caller is still followed.',
    example: 'POST /v1/chat/completions=0.01,GET /api/v1/exports/{export_id}=0',
  }),
  tracesSampler: optionalVariable(
    'OTEL_TRACES_SAMPLER',
    types.oneOf([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ]),
    {
      description:
        'The standard choice of traces; `AION_TRACING_SAMPLE_RATIO` goes before its share. Without `parentbased_` each service decides by the trace id.',
      example: 'parentbased_traceidratio',
    },
  ),
  tracesSamplerRatio: optionalVariable('OTEL_TRACES_SAMPLER_ARG', types.ratio(), {
    description: 'The share of the samplers named `traceidratio`; 1 when it is not set.',
    example: '0.1',
  }),
  otlpEndpoint: optionalVariable('OTEL_EXPORTER_OTLP_ENDPOINT', types.url('http', 'https'), {
    description: 'An OTLP/HTTP receiver for spans; without one they stay in a bounded store of the process.',
    example: 'http://127.0.0.1:4318',
  }),
  otlpTracesEndpoint: optionalVariable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', types.url('http', 'https'), {
    description: 'The whole URL for spans, when it is not `/v1/traces` under `OTEL_EXPORTER_OTLP_ENDPOINT`.',
    example: 'https://collector.example.com/v1/traces',
  }),
  otlpHeaders: optionalVariable('OTEL_EXPORTER_OTLP_HEADERS', types.pairs(), {
    description: 'Headers for the receiver, such as its key.',
    example: 'authorization=Bearer%20<key>',
    secret: true,
  }),
  otlpTracesHeaders: optionalVariable('OTEL_EXPORTER_OTLP_TRACES_HEADERS', types.pairs(), {
    description: 'Headers for spans; these go before the same ones of `OTEL_EXPORTER_OTLP_HEADERS`.',
    example: 'authorization=Bearer%20<key>',
    secret: true,
  }),
  resourceAttributes: optionalVariable('OTEL_RESOURCE_ATTRIBUTES', types.pairs(), {
    description: 'Attributes of every span of the process; `service.name` and `service.version` are fixed.',
    example: 'deployment.environment.name=production',
  }),
  spanQueueSize: variable('OTEL_BSP_MAX_QUEUE_SIZE', types.integer(1, 1_000_000), {
    description: 'How many spans wait for the receiver at most; those beyond are dropped and counted.',
    example: '4096',
    fallback: '4096',
  }),
  spanBatchSize: variable('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', types.integer(1, 100_000), {
    description: 'How many spans one request carries at most.',
    example: '512',
    fallback: '512',
  }),
  spanDelayMs: variable('OTEL_BSP_SCHEDULE_DELAY', types.integer(1, 60_000), {
    description: 'How long a span waits for others to share a request with, in milliseconds.',
    example: '1000',
    fallback: '1000',
  }),
  spanTimeoutMs: variable('OTEL_BSP_EXPORT_TIMEOUT', types.integer(1, 60_000), {
    description:
      'After how long a request of the receiver, or the last ones at the stop, are given up, in milliseconds.',
    example: '3000',
    fallback: '3000',
  }),
  maxSpanAttributeLength: variable('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', types.integer(16, 1_048_576), {
    description: 'The longest text of an attribute of a span, in characters; the rest is cut off.',
    example: '4096',
    fallback: '4096',
  }),
};
