import { loadConfig, serviceVariables, type Environment } from '@aion/config';
import { createMetrics } from '@aion/metrics';
import type { TracingOptions } from '@aion/tracing';
import { toTracingOptions } from './tracing-options.ts';

const REQUIRED = { AION_SERVICE_TOKEN_SECRET: 's'.repeat(64) };

function toOptions(env: Environment, metrics = createMetrics({ service: 'a', version: '1', enabled: true })) {
  const config = loadConfig(serviceVariables({ port: 0, adminPort: 0 }), { ...REQUIRED, ...env });
  return toTracingOptions({ name: 'a', version: '1' }, config, metrics);
}

describe('toTracingOptions', () => {
  it('limits the export, and samples a tenth of traces by default and all in development', () => {
    expect(toOptions({})).toMatchObject({
      serviceName: 'a',
      enabled: true,
      sampleRatio: 0.1,
      parentBased: true,
      exportLimits: { maxQueueSize: 4_096, maxBatchSize: 512, delayMs: 1_000, timeoutMs: 3_000 },
      maxAttributeLength: 4_096,
    });
    expect(toOptions({ AION_ENVIRONMENT: 'development' }).sampleRatio).toBe(1);
  });

  it.each<[Environment, Partial<TracingOptions>]>([
    [{ AION_TRACING_ENABLED: 'false' }, { enabled: false }],
    [{ OTEL_SDK_DISABLED: 'true' }, { enabled: false }],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, { sampleRatio: 1, parentBased: false }],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, { sampleRatio: 0, parentBased: true }],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.3' },
      { sampleRatio: 0.3, parentBased: false },
    ],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }, { sampleRatio: 1, parentBased: true }],
    [{ OTEL_TRACES_SAMPLER: 'always_off', AION_TRACING_SAMPLE_RATIO: '0.5' }, { sampleRatio: 0.5 }],
    [{ AION_TRACING_ROUTE_RATIOS: 'GET /a=0' }, { routeRatios: new Map([['GET /a', 0]]) }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { otlpEndpoint: 'http://c:4318' }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/t' }, { otlpTracesEndpoint: 'http://c/t' }],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=3' },
      { otlpHeaders: { a: '1', b: '3' } },
    ],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'region=eu' }, { resourceAttributes: { region: 'eu' } }],
    [{ OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '64' }, { maxAttributeLength: 64 }],
  ])('maps %j', (env, expected) => {
    expect(toOptions(env)).toMatchObject(expected);
  });

  it('reads the export limits from OTEL_BSP_*', () => {
    const env = {
      OTEL_BSP_MAX_QUEUE_SIZE: '1',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
      OTEL_BSP_SCHEDULE_DELAY: '3',
      OTEL_BSP_EXPORT_TIMEOUT: '4',
    };
    expect(toOptions(env).exportLimits).toEqual({ maxQueueSize: 1, maxBatchSize: 2, delayMs: 3, timeoutMs: 4 });
  });

  it('counts dropped spans, but not old traces that the store evicts', async () => {
    const metrics = createMetrics({ service: 'a', version: '1', enabled: true });
    const { onDrop, redactText } = toOptions({}, metrics);
    onDrop?.('queue_full', 7);
    onDrop?.('store_evicted', 100_000);
    const { body } = await metrics.exposition();
    expect(body).toContain('aion_telemetry_dropped_total{signal="traces",reason="queue_full"} 7');
    expect(body).not.toContain('100000');
    expect(redactText?.(`sk-${'a'.repeat(20)}`)).toBe('[redacted:key]');
  });
});
