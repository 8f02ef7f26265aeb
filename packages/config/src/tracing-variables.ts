import { TELEMETRY_SUBJECTS } from './telemetry-subjects.ts';
import { optionalVariable, types, variable } from './variable.ts';

/** Variables of tracing: sampling, limits and export. They have OpenTelemetry's names where it defines one. */
export const tracingVariables = {
  tracingEnabled: variable('AION_TRACING_ENABLED', types.flag(), {
    description: 'Records spans.',
    example: 'true',
    fallback: 'true',
  }),
  tracingSubjects: variable('AION_TRACING_SUBJECTS', types.subsetOf(TELEMETRY_SUBJECTS), {
    description:
      'Areas to trace: requests, PostgreSQL, inference, queues; or `none`. Children of an omitted span are attached to its parent.',
    example: 'http,ai',
    fallback: TELEMETRY_SUBJECTS.join(','),
  }),
  otelSdkDisabled: variable('OTEL_SDK_DISABLED', types.flag(), {
    description: 'Standard variable that disables tracing: `true` is equivalent to `AION_TRACING_ENABLED=false`.',
    example: 'false',
    fallback: 'false',
  }),
  traceSampleRatio: optionalVariable('AION_TRACING_SAMPLE_RATIO', types.ratio(), {
    description: 'Share of new traces that are recorded. Default: 0.1 in production, 1 in development.',
    example: '0.1',
  }),
  traceRouteRatios: optionalVariable('AION_TRACING_ROUTE_RATIOS', types.routeRatios(), {
    description:
      'Shares by route, for traces that start with a request to that route; the decision of a sampled caller takes precedence.',
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
        'Standard sampler; `AION_TRACING_SAMPLE_RATIO` overrides its ratio. Without `parentbased_` each service decides by the trace id.',
      example: 'parentbased_traceidratio',
    },
  ),
  tracesSamplerRatio: optionalVariable('OTEL_TRACES_SAMPLER_ARG', types.ratio(), {
    description: 'Ratio of the `traceidratio` samplers. Default: 1.',
    example: '0.1',
  }),
  otlpEndpoint: optionalVariable('OTEL_EXPORTER_OTLP_ENDPOINT', types.url('http', 'https'), {
    description: 'OTLP/HTTP receiver for spans; if unset, spans are stored in a bounded buffer of the process.',
    example: 'http://127.0.0.1:4318',
  }),
  otlpTracesEndpoint: optionalVariable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', types.url('http', 'https'), {
    description: 'Full URL for spans, if it is not `/v1/traces` below `OTEL_EXPORTER_OTLP_ENDPOINT`.',
    example: 'https://collector.example.com/v1/traces',
  }),
  otlpHeaders: optionalVariable('OTEL_EXPORTER_OTLP_HEADERS', types.pairs(), {
    description: 'Headers sent to the receiver, such as its API key.',
    example: 'authorization=Bearer%20<key>',
    secret: true,
  }),
  otlpTracesHeaders: optionalVariable('OTEL_EXPORTER_OTLP_TRACES_HEADERS', types.pairs(), {
    description: 'Headers sent with spans; they override headers of the same name in `OTEL_EXPORTER_OTLP_HEADERS`.',
    example: 'authorization=Bearer%20<key>',
    secret: true,
  }),
  resourceAttributes: optionalVariable('OTEL_RESOURCE_ATTRIBUTES', types.pairs(), {
    description:
      'Resource attributes of every span of the process; `service.name` and `service.version` cannot be changed.',
    example: 'deployment.environment.name=production',
  }),
  spanQueueSize: variable('OTEL_BSP_MAX_QUEUE_SIZE', types.integer(1, 1_000_000), {
    description: 'Maximum number of spans in the export queue; further spans are dropped and counted.',
    example: '4096',
    fallback: '4096',
  }),
  spanBatchSize: variable('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', types.integer(1, 100_000), {
    description: 'Maximum number of spans per export request.',
    example: '512',
    fallback: '512',
  }),
  spanDelayMs: variable('OTEL_BSP_SCHEDULE_DELAY', types.integer(1, 60_000), {
    description: 'Maximum delay before a batch of spans is exported, in milliseconds.',
    example: '1000',
    fallback: '1000',
  }),
  spanTimeoutMs: variable('OTEL_BSP_EXPORT_TIMEOUT', types.integer(1, 60_000), {
    description: 'Timeout of an export request, and of the final flush at shutdown, in milliseconds.',
    example: '3000',
    fallback: '3000',
  }),
  maxSpanAttributeLength: variable('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', types.integer(16, 1_048_576), {
    description: 'Maximum length of a text attribute of a span, in characters; longer texts are truncated.',
    example: '4096',
    fallback: '4096',
  }),
};
