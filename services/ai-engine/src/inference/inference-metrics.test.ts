import { setTimeout as sleep } from 'node:timers/promises';
import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import { createMetrics, INPUT_TYPES, parseExposition, type InputType, type MetricsOptions } from '@aion/metrics';
import type { Settlement } from './generation-store.ts';
import { createInferenceMetrics } from './inference-metrics.ts';

const CALL = { provider: 'openai', model: 'tiny', inputType: 'text', outputIsText: true } as const;

const SETTLEMENT: Settlement = {
  id: '0',
  tenantId: '0',
  status: 'failed',
  errorType: 'provider_timeout',
  promptTokens: 30,
  completionTokens: 5,
  usageSource: 'provider',
  costMicroUsd: 2_500_000,
  durationMs: 1_500,
  timeToFirstTokenMs: 10,
  response: null,
};

function setUp(more: Partial<MetricsOptions> = {}) {
  const metrics = createMetrics({ service: 'ai-engine', version: '0', enabled: true, ...more });
  const inference = createInferenceMetrics(metrics, ['openai']);
  const samplesOf = async (name: string) => {
    const { samples } = parseExposition((await metrics.exposition()).body);
    return samples.filter((sample) => sample.name === name);
  };
  return { inference, metrics, samplesOf };
}

describe('inference metrics', () => {
  it('count requests by input type, with every type of a called model starting at zero', async () => {
    const { inference, samplesOf } = setUp();
    for (let i = 0; i < 2; i += 1) inference.begin({ ...CALL, inputType: 'image' });
    const requests = await samplesOf('ai_inference_requests_total');
    expect(Object.fromEntries(requests.map(({ labels, value }) => [labels['input_type'], value]))).toEqual({
      text: 0,
      image: 2,
      audio: 0,
      file: 0,
      mixed: 0,
      other: 0,
    });
  });

  it('have the units of their names', async () => {
    const { inference, samplesOf } = setUp();
    const valueOf = async (name: string, labels: Readonly<Record<string, string>> = {}) =>
      (await samplesOf(name)).find((sample) =>
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      )?.value;
    const startedAt = performance.now();
    const session = inference.begin(CALL);
    await sleep(30);
    const ageSeconds = await valueOf('ai_inflight_oldest_age_seconds');
    expect(await valueOf('ai_active_sessions')).toBe(1);
    session.firstToken();
    session.end(SETTLEMENT);
    const elapsedSeconds = (performance.now() - startedAt) / 1_000;
    for (const seconds of [ageSeconds, await valueOf('ai_time_to_first_token_seconds_sum')]) {
      expect(seconds).toBeGreaterThan(0.025);
      expect(seconds).toBeLessThan(elapsedSeconds + 0.001);
    }
    expect(await valueOf('ai_inference_duration_seconds_sum')).toBe(1.5);
    expect(await valueOf('ai_cost_usd_total')).toBe(2.5);
    expect(await valueOf('ai_tokens_total', { direction: 'input' })).toBe(30);
    expect(await valueOf('ai_tokens_total', { direction: 'output' })).toBe(5);
    expect(await valueOf('ai_inference_errors_total', { error_type: 'provider_timeout' })).toBe(1);
    expect(await valueOf('ai_inference_errors_total', { error_type: 'internal_error' })).toBe(0);
    expect(await valueOf('ai_active_sessions')).toBe(0);
    expect(await valueOf('ai_inflight_oldest_age_seconds')).toBe(0);
  });

  it('stay well below 5 000 series for any requests to any number of models', async () => {
    const { inference, metrics } = setUp();
    for (let i = 0; i < 200; i += 1) {
      // `Object.keys` loses the type of the keys.
      for (const inputType of Object.keys(INPUT_TYPES) as InputType[]) {
        const session = inference.begin({ ...CALL, model: `model-${i}`, inputType });
        session.firstToken();
        for (const errorType of [null, ...GENERATION_ERROR_TYPES]) session.end({ ...SETTLEMENT, errorType });
      }
    }
    const { samples } = parseExposition((await metrics.exposition()).body);
    // Requests and the process add a few hundred more.
    expect(samples.filter(({ name }) => name.startsWith('ai_')).length).toBeLessThan(4_000);
  });
});
