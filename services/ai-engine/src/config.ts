import {
  databaseGatewayUrl,
  inferenceLimits,
  loadConfig,
  optionalVariable,
  serviceVariables,
  types,
  variable,
  type ConfigOf,
  type Environment,
} from '@aion/config';
import { parsePriceTable } from './inference/price-table.ts';
import { z } from 'zod';

/** Environment variables of ai-engine. */
export const aiEngineVariables = {
  ...serviceVariables({ port: 8081, adminPort: 9465 }),
  ...inferenceLimits,
  databaseGatewayUrl,
  modelsDir: variable('AION_MODELS_DIR', types.text(), {
    description: 'Directory of GGUF files; each is an embedded model.',
    example: '.aion/models',
    fallback: '.aion/models',
  }),
  openAiApiKey: optionalVariable('OPENAI_API_KEY', types.text(), {
    description: 'API key of the OpenAI-compatible provider; registers the provider.',
    example: '<the key>',
    secret: true,
  }),
  openAiBaseUrl: optionalVariable('OPENAI_BASE_URL', types.url('http', 'https'), {
    description: 'Base URL of an OpenAI-compatible server, up to and including `/v1`; registers the provider.',
    example: 'http://127.0.0.1:11434/v1',
  }),
  providerRetries: variable('AION_PROVIDER_RETRIES', types.integer(0, 10), {
    description: 'Maximum number of retries of a provider call before its response has begun.',
    example: '2',
    fallback: '2',
  }),
  prices: variable('AION_MODEL_PRICES', z.string().transform(parsePriceTable), {
    description:
      'JSON: US dollars per million tokens by model; `default` applies to all other models. A model without a price is ' +
      'charged at the default, never at zero; embedded models are free.',
    example: '{"my-model":{"input":0.15,"output":0.6},"default":{"input":10,"output":30}}',
    fallback: '{"default":{"input":10,"output":30}}',
  }),
};

/** Configuration of ai-engine. */
export type AiEngineConfig = ConfigOf<typeof aiEngineVariables>;

/** Loads the configuration. @throws ConfigError that lists every problem */
export function loadAiEngineConfig(env: Environment): AiEngineConfig {
  return loadConfig(aiEngineVariables, env);
}
