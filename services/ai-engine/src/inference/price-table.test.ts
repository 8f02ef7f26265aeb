import { ConfigError } from '@aion/config';
import { loadAiEngineConfig } from '../config.ts';
import { costMicroUsd } from './price-table.ts';

const env = { AION_SERVICE_TOKEN_SECRET: 'x'.repeat(32) };

describe('price table', () => {
  const prices = { m: { input: 0.15, output: 0.6 }, default: { input: 10, output: 30 } };
  const call = { provider: 'openai', model: 'm', promptTokens: 1_000, completionTokens: 10 };

  it('charges tokens in millionths of a dollar, rounded up', () => {
    expect(costMicroUsd(prices, call)).toBe(156);
    expect(costMicroUsd(prices, { ...call, promptTokens: 1, completionTokens: 0 })).toBe(1);
  });

  it('never treats a model without a price as free', () => {
    expect(costMicroUsd(prices, { ...call, model: 'new-model' })).toBe(10_300);
  });

  it('charges nothing for embedded models', () => {
    expect(costMicroUsd(prices, { ...call, provider: 'embedded' })).toBe(0);
  });

  it.each([['nonsense'], ['{}'], ['{"default":{"input":-1,"output":1}}']])('rejects %s', (text) => {
    expect(() => loadAiEngineConfig({ ...env, AION_MODEL_PRICES: text })).toThrow(ConfigError);
  });
});
