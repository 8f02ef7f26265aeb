import { loadLauncherConfig } from '../launcher-config.ts';
import { findSpans } from './find-spans.ts';

const find = (env: Record<string, string>) => findSpans(loadLauncherConfig(env));

describe('the whereabouts of spans', () => {
  it.each([
    {},
    { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
    { OTEL_TRACES_SAMPLER: 'always_on' },
    { AION_TRACING_SAMPLE_RATIO: '0' },
  ])('are the services when they follow the demo and are told of no receiver: %j', (env) => {
    expect(find(env)).toEqual({ kind: 'services' });
  });

  it('are the receiver, whichever variable names it', () => {
    expect(find({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toMatchObject({
      kind: 'receiver',
      message: 'Its spans went to http://127.0.0.1:4318 (OTEL_EXPORTER_OTLP_ENDPOINT): look it up there.',
    });
    expect(
      find({
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
    [{ AION_TRACING_SUBJECTS: 'http' }, 'AION_TRACING_SUBJECTS names some subjects only'],
  ])('are nowhere in full when not all are recorded: %j', (env, reason) => {
    expect(find(env)).toMatchObject({ kind: 'incomplete', message: expect.stringContaining(reason) });
  });
});
