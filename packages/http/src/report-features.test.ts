import { loadConfig, serviceVariables, type Environment } from '@aion/config';
import { createMetrics, parseExposition } from '@aion/metrics';
import { reportTracingFeatures } from './report-features.ts';
import { toTracingOptions } from './tracing-options.ts';

const ALWAYS_OFF = { OTEL_TRACES_SAMPLER: 'always_off' };

/** The features of tracing that are on, as the exposition says. */
async function featuresOf(env: Environment): Promise<readonly (string | undefined)[]> {
  const config = loadConfig(serviceVariables({ port: 0, adminPort: 0 }), {
    AION_SERVICE_TOKEN_SECRET: 's'.repeat(64),
    ...env,
  });
  const metrics = createMetrics({ service: 'a', version: '1', enabled: true });
  const switches = reportTracingFeatures(metrics, toTracingOptions({ name: 'a', version: '1' }, config, metrics));
  const { samples } = parseExposition((await metrics.exposition()).body);
  const features = samples.filter(({ name, labels }) => {
    return name === 'aion_feature_enabled' && labels['feature']?.startsWith('tracing') === true;
  });
  expect(features).toHaveLength(5);
  // What is told to the audit trail is what is shown.
  for (const { labels, value } of features) expect(switches[labels['feature'] ?? '']).toBe(value === 1);
  return features.filter(({ value }) => value === 1).map(({ labels }) => labels['feature']);
}

describe('the features of a process', () => {
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
  ])('with %j say that spans may be recorded: %p', async (env, expected) => {
    const all = ['tracing', 'tracing_http', 'tracing_db', 'tracing_ai', 'tracing_queue'];
    expect(await featuresOf(env)).toEqual(expected ? all : []);
  });

  it('say which subjects are traced', async () => {
    expect(await featuresOf({ AION_TRACING_SUBJECTS: 'ai,http' })).toEqual(['tracing', 'tracing_http', 'tracing_ai']);
  });

  it('are those of metrics, too', () => {
    const off = { serviceName: 'a', serviceVersion: '1', enabled: false, sampleRatio: 0 };
    const some = createMetrics({ service: 'a', version: '1', enabled: true, subjects: ['db'] });
    const none = { metrics_http: false, metrics_ai: false, metrics_queue: false };
    const untraced = { ...{ tracing: false, tracing_http: false, tracing_db: false }, tracing_ai: false };
    expect(reportTracingFeatures(some, off)).toEqual({
      ...{ ...none, ...untraced, metrics: true, metrics_db: true, tracing_queue: false },
    });
    const disabled = createMetrics({ service: 'a', version: '1', enabled: false });
    expect(reportTracingFeatures(disabled, off)).toMatchObject({ ...none, metrics: false, metrics_db: false });
  });
});
