import { loadConfig, serviceVariables, type Environment } from '@aion/config';
import { createMetrics } from '@aion/metrics';
import { recordsSpans } from './records-spans.ts';
import { toTracingOptions } from './tracing-options.ts';

const ALWAYS_OFF = { OTEL_TRACES_SAMPLER: 'always_off' };

describe('whether a process records spans', () => {
  it.each<[Environment, boolean]>([
    [{}, true],
    [{ AION_TRACING_ENABLED: 'false' }, false],
    [{ OTEL_SDK_DISABLED: 'true' }, false],
    [ALWAYS_OFF, false],
    [{ ...ALWAYS_OFF, AION_TRACING_ROUTE_RATIOS: 'GET /a=0' }, false],
    // These go before the sampler's share.
    [{ ...ALWAYS_OFF, AION_TRACING_ROUTE_RATIOS: 'GET /a=0.1' }, true],
    [{ ...ALWAYS_OFF, AION_TRACING_SAMPLE_RATIO: '0.5' }, true],
    // Follows callers that record.
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, true],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, false],
  ])('with %j is %p', (env, expected) => {
    const config = loadConfig(serviceVariables({ port: 0, adminPort: 0 }), {
      AION_SERVICE_TOKEN_SECRET: 's'.repeat(64),
      ...env,
    });
    const metrics = createMetrics({ service: 'a', version: '1', enabled: false });
    expect(recordsSpans(toTracingOptions({ name: 'a', version: '1' }, config, metrics))).toBe(expected);
  });
});
