import { loadConfig, serviceVariables, type Environment } from '@aion/config';
import { createMetrics, parseExposition } from '@aion/metrics';
import { exposeFeatureFlags } from './expose-feature-flags.ts';
import { toTracingOptions } from './tracing-options.ts';

const ALWAYS_OFF = { OTEL_TRACES_SAMPLER: 'always_off' };

/** Returns the feature flags of tracing that are on in the exposition. */
async function readTracingFlags(env: Environment): Promise<readonly (string | undefined)[]> {
  const config = loadConfig(serviceVariables({ port: 0, adminPort: 0 }), {
    AION_SERVICE_TOKEN_SECRET: 's'.repeat(64),
    ...env,
  });
  const metrics = createMetrics({ service: 'a', version: '1', enabled: true });
  const flags = exposeFeatureFlags(metrics, toTracingOptions({ name: 'a', version: '1' }, config, metrics));
  const { samples } = parseExposition((await metrics.exposition()).body);
  const features = samples.filter(({ name, labels }) => {
    return name === 'aion_feature_enabled' && labels['feature']?.startsWith('tracing') === true;
  });
  expect(features).toHaveLength(5);
  // The returned flags, which the audit trail records, equal the exposed ones.
  for (const { labels, value } of features) expect(flags[labels['feature'] ?? '']).toBe(value === 1);
  return features.filter(({ value }) => value === 1).map(({ labels }) => labels['feature']);
}

describe('exposeFeatureFlags', () => {
  it.each<[Environment, boolean]>([
    [{}, true],
    [{ AION_TRACING_ENABLED: 'false' }, false],
    [{ OTEL_SDK_DISABLED: 'true' }, false],
    [ALWAYS_OFF, false],
    [{ ...ALWAYS_OFF, AION_TRACING_ROUTE_RATIOS: 'GET /a=0' }, false],
    // Ratios of AION take precedence over the sampler's.
    [{ ...ALWAYS_OFF, AION_TRACING_ROUTE_RATIOS: 'GET /a=0.1' }, true],
    [{ ...ALWAYS_OFF, AION_TRACING_SAMPLE_RATIO: '0.5' }, true],
    // A parent-based sampler follows callers that record.
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, true],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, false],
  ])('derives from %j whether spans can be recorded: %p', async (env, expected) => {
    const all = ['tracing', 'tracing_http', 'tracing_db', 'tracing_ai', 'tracing_queue'];
    expect(await readTracingFlags(env)).toEqual(expected ? all : []);
  });

  it('exposes one flag for each traced subject', async () => {
    const flags = await readTracingFlags({ AION_TRACING_SUBJECTS: 'ai,http' });
    expect(flags).toEqual(['tracing', 'tracing_http', 'tracing_ai']);
  });

  it('returns the flags of metrics also', () => {
    const off = { serviceName: 'a', serviceVersion: '1', enabled: false, sampleRatio: 0 };
    const some = createMetrics({ service: 'a', version: '1', enabled: true, subjects: ['db'] });
    const none = { metrics_http: false, metrics_ai: false, metrics_queue: false };
    const untraced = {
      tracing: false,
      tracing_http: false,
      tracing_db: false,
      tracing_ai: false,
      tracing_queue: false,
    };
    expect(exposeFeatureFlags(some, off)).toEqual({
      ...none,
      ...untraced,
      metrics: true,
      metrics_db: true,
    });
    const disabled = createMetrics({ service: 'a', version: '1', enabled: false });
    expect(exposeFeatureFlags(disabled, off)).toMatchObject({ ...none, metrics: false, metrics_db: false });
  });
});
