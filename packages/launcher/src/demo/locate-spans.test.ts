import { loadLauncherConfig } from '../launcher-config.ts';
import { locateSpans } from './locate-spans.ts';

const locate = (env: Record<string, string>) => locateSpans(loadLauncherConfig(env));

describe('locateSpans', () => {
  it.each([
    {},
    { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
    { OTEL_TRACES_SAMPLER: 'always_on' },
    { AION_TRACING_SAMPLE_RATIO: '0' },
  ])('returns the services if they record all spans and no receiver is configured: %j', (env) => {
    expect(locate(env)).toEqual({ kind: 'services' });
  });

  it('returns the configured receiver, preferring the endpoint of traces', () => {
    expect(locate({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toMatchObject({
      kind: 'receiver',
      message: 'Spans were exported to http://127.0.0.1:4318 (OTEL_EXPORTER_OTLP_ENDPOINT). View the trace there.',
    });
    expect(
      locate({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4319/spans',
      }),
    ).toMatchObject({ kind: 'receiver', url: 'http://127.0.0.1:4319/spans' });
  });

  it.each([
    [{ OTEL_SDK_DISABLED: 'true' }, 'OTEL_SDK_DISABLED is true'],
    [{ AION_TRACING_ENABLED: 'false' }, 'AION_TRACING_ENABLED is false'],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, 'OTEL_TRACES_SAMPLER is always_off'],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }, 'OTEL_TRACES_SAMPLER is traceidratio'],
    [{ AION_TRACING_SUBJECTS: 'http' }, 'AION_TRACING_SUBJECTS omits subjects'],
  ])('reports an incomplete trace if not all spans are recorded: %j', (env, reason) => {
    expect(locate(env)).toMatchObject({ kind: 'incomplete', message: expect.stringContaining(reason) });
  });
});
