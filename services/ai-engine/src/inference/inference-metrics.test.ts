import { createMetrics, parseExposition, type MetricsOptions } from '@aion/metrics';
import { createInferenceMetrics } from './inference-metrics.ts';

const CALL = { provider: 'openai', model: 'tiny', inputType: 'text', outputIsText: true } as const;

function setUp(more: Partial<MetricsOptions> = {}) {
  const metrics = createMetrics({ service: 'ai-engine', version: '0', enabled: true, ...more });
  const inference = createInferenceMetrics(metrics, ['openai']);
  const samplesOf = async (name: string) => {
    const { samples } = parseExposition((await metrics.exposition()).body);
    return samples.filter((sample) => sample.name === name);
  };
  return { inference, samplesOf };
}

describe('the metrics of inference', () => {
  it('count requests by what they hold, every type of a called model from zero', async () => {
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
});
