import { compareWithCatalogue, createMetrics, parseExposition } from '@aion/metrics';
import type { Settlement } from './generation-store.ts';
import { createInferenceMetrics, type InferenceCall } from './inference-metrics.ts';

const CALL: InferenceCall = { provider: 'openai', model: 'tiny', inputType: 'text', outputIsText: true };
const SETTLEMENT: Settlement = {
  id: '0',
  tenantId: '0',
  status: 'succeeded',
  errorType: null,
  promptTokens: 30,
  completionTokens: 5,
  usageSource: 'provider',
  costMicroUsd: 1,
  durationMs: 1_500,
  timeToFirstTokenMs: 10,
  response: null,
};
const FAILED = { status: 'failed', errorType: 'provider_error', usageSource: 'estimated' } as const;

function setUp(genAi = true) {
  const metrics = createMetrics({ service: 'ai-engine', version: '0', enabled: true, genAi });
  const inference = createInferenceMetrics(metrics, ['openai']);
  const exposition = async () => (await metrics.exposition()).body;
  return {
    exposition,
    run: (call: Partial<InferenceCall> = {}, settlement: Partial<Settlement> = {}) =>
      inference.begin({ ...CALL, ...call }).end({ ...SETTLEMENT, ...settlement }),
    begin: () => inference.begin(CALL),
    /** Reads the counts and sums of `gen_ai_*`, without the names of operation and provider. */
    figures: async () => {
      const samples = parseExposition(await exposition()).samples;
      const shown = samples.filter(({ name }) => name.startsWith('gen_ai_') && !name.endsWith('_bucket'));
      return shown.map(({ name, labels, value }) => {
        const { gen_ai_operation_name: verb, gen_ai_provider_name: provider, ...rest } = labels;
        expect([verb, provider]).toEqual(['chat', 'openai']);
        return [name.slice('gen_ai_client_'.length), ...Object.values(rest), value].join(' ');
      });
    },
  };
}

describe('OpenTelemetry gen_ai metrics', () => {
  it('do not exist and are not required when they are disabled', async () => {
    const { run, exposition } = setUp(false);
    run();
    const body = await exposition();
    expect(body).not.toContain('gen_ai_');
    const { missing } = compareWithCatalogue({ 'ai-engine': body });
    expect(missing.filter((entry) => entry.includes('gen_ai'))).toEqual([]);
  });

  it('are required when they are enabled', () => {
    const said = '# TYPE aion_feature_enabled gauge\naion_feature_enabled{feature="metrics_genai"} 1\n';
    expect(compareWithCatalogue({ 'ai-engine': said }).missing).toContain('ai-engine: gen_ai_client_token_usage');
  });

  it('record a completion under the names of version 1.41 and those that replace them', async () => {
    const { run, figures, exposition } = setUp();
    run();
    expect(await figures()).toEqual([
      'token_usage_sum tiny input 30',
      'token_usage_count tiny input 1',
      'token_usage_sum tiny output 5',
      'token_usage_count tiny output 1',
      'operation_duration_seconds_sum tiny  1.5',
      'operation_duration_seconds_count tiny  1',
      'inference_duration_seconds_sum tiny  1.5',
      'inference_duration_seconds_count tiny  1',
      'inference_usage_input_tokens_total tiny text 30',
      'inference_usage_output_tokens_total tiny text 5',
      'inference_operation_input_tokens_sum tiny  30',
      'inference_operation_input_tokens_count tiny  1',
      'inference_operation_output_tokens_sum tiny  5',
      'inference_operation_output_tokens_count tiny  1',
    ]);
    expect(compareWithCatalogue({ 'ai-engine': await exposition() })).toMatchObject({ undeclared: [], badLabels: [] });
  });

  it('start at zero before the first completion ends', async () => {
    const { begin, figures } = setUp();
    begin();
    const values = (await figures()).map((figure) => figure.split(' ').at(-1));
    expect(values).toHaveLength(14);
    expect(new Set(values)).toEqual(new Set(['0']));
  });

  it('contain no estimates: usage that the provider did not report is absent or 0, with the error type', async () => {
    const { run, figures } = setUp();
    run({}, FAILED);
    const shown = (await figures()).filter(
      (figure) => !/ (0|text 0)$/.test(figure) || figure.includes('provider_error'),
    );
    expect(shown).toEqual([
      'operation_duration_seconds_sum tiny provider_error 1.5',
      'operation_duration_seconds_count tiny provider_error 1',
      'inference_duration_seconds_sum tiny provider_error 1.5',
      'inference_duration_seconds_count tiny provider_error 1',
      'inference_operation_input_tokens_sum tiny provider_error 0',
      'inference_operation_input_tokens_count tiny provider_error 1',
      'inference_operation_output_tokens_sum tiny provider_error 0',
      'inference_operation_output_tokens_count tiny provider_error 1',
    ]);
    expect(await figures()).toContain('inference_usage_input_tokens_total tiny unknown 0');
  });

  it('do not guess a modality', async () => {
    const { run, figures } = setUp();
    run({ inputType: 'mixed', outputIsText: false });
    expect(await figures()).toEqual(
      expect.arrayContaining([
        'inference_usage_input_tokens_total tiny unknown 30',
        'inference_usage_output_tokens_total tiny unknown 5',
      ]),
    );
  });

  it('label a limited number of models, and aggregate the rest without counting it as dropped', async () => {
    const { run, figures, exposition } = setUp();
    for (let i = 0; i < 13; i += 1) run({ model: `model-${i}` });
    const counts = (await figures()).filter((figure) => figure.startsWith('inference_duration_seconds_count'));
    expect(counts).toHaveLength(11);
    expect(counts.at(-1)).toBe('inference_duration_seconds_count other  3');
    expect(await exposition()).toContain('aion_telemetry_dropped_total{signal="metrics",reason="label_not_in_set"} 0');
  });
});
