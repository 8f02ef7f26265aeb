import { ProviderError } from '@aion/errors';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { startTracing, withSpan, type SpanRecord, type Tracing } from '@aion/tracing';
import { createChatService } from '../src/inference/chat-service.ts';
import { createInferenceMetrics } from '../src/inference/inference-metrics.ts';
import { createProviderRegistry } from '../src/providers/provider-registry.ts';
import type { Provider } from '../src/providers/provider.ts';

const PROMPT = 'a confidential prompt';
const ANSWER = 'a confidential answer';

const logger = createLogger({ service: 'ai-engine', level: 'error', format: 'json' });
let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing({ serviceName: 'ai-engine', serviceVersion: '0', enabled: true, sampleRatio: 1 });
});
afterAll(() => tracing.shutdown());

/** Creates a provider that responds to each completion with `body`. */
function createFakeProvider(body: () => AsyncIterable<Uint8Array>): Provider {
  return {
    name: 'openai',
    listModels: () => Promise.resolve([{ id: 'up-1', created: 0, ownedBy: 'x' }]),
    createChatCompletion: () => Promise.resolve({ status: 200, contentType: 'application/json', body: body() }),
    close: () => Promise.resolve(),
  };
}

async function* answer(): AsyncIterable<Uint8Array> {
  yield Buffer.from(
    JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    }),
  );
}

async function* abortResponse(): AsyncIterable<Uint8Array> {
  yield Buffer.from('{');
  throw new ProviderError('The provider openai aborted its response.');
}

async function spansOfChat(body: () => AsyncIterable<Uint8Array>): Promise<readonly SpanRecord[]> {
  const metrics = createMetrics({ service: 'ai-engine', version: '0', enabled: false });
  const chat = createChatService({
    registry: createProviderRegistry([createFakeProvider(body)], logger),
    store: { open: () => Promise.resolve(), settle: () => Promise.resolve() },
    metrics: createInferenceMetrics(metrics, ['openai']),
    prices: { default: { input: 1, output: 2 } },
    logger,
  });
  const traceId = await withSpan('test', {}, async (span) => {
    const completion = await chat.run({
      tenantId: 't1',
      apiKeyId: 'k1',
      body: { model: 'up-1', messages: [{ role: 'user', content: PROMPT }] },
      signal: new AbortController().signal,
    });
    try {
      for await (const chunk of completion.body) expect(chunk).toBeDefined();
    } catch (error) {
      expect(error).toBeInstanceOf(ProviderError);
    }
    return span.spanContext().traceId;
  });
  await chat.drain();
  return tracing.store?.get(traceId) ?? [];
}

describe('span of a model call', () => {
  it('records the model and its usage by the conventions for generative AI, and no content', async () => {
    const spans = await spansOfChat(answer);
    const span = spans.find(({ name }) => name === 'chat up-1');
    expect(span).toMatchObject({ kind: 'client', status: 'unset' });
    expect(span?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'up-1',
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
      'aion.inference.stream': false,
      'aion.inference.status': 'succeeded',
    });
    expect(JSON.stringify(spans)).not.toContain('confidential');
  });

  it('records the type of the error when the provider aborts its response', async () => {
    const spans = await spansOfChat(abortResponse);
    const span = spans.find(({ name }) => name === 'chat up-1');
    expect(span?.status).toBe('error');
    expect(span?.attributes).toMatchObject({ 'error.type': 'PROVIDER_FAILED', 'aion.inference.status': 'failed' });
    expect(JSON.stringify(spans)).not.toContain('confidential');
  });
});
