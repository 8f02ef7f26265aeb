import {
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

/** The environment variables of ai-engine. */
export const aiEngineVariables = {
  ...serviceVariables({ port: 8081, adminPort: 9465 }),
  databaseGatewayUrl: variable('AION_DATABASE_GATEWAY_URL', types.url('http', 'https'), {
    description: 'Where database-gateway answers.',
    example: 'http://127.0.0.1:8082',
    fallback: 'http://127.0.0.1:8082',
  }),
  modelsDir: variable('AION_MODELS_DIR', types.text(), {
    description: 'A directory of GGUF files, each of which becomes an embedded model.',
    example: '.aion/models',
    fallback: '.aion/models',
  }),
  openAiApiKey: optionalVariable('OPENAI_API_KEY', types.text(), {
    description: 'A key for the OpenAI-compatible provider; registers it.',
    example: '<the key>',
    secret: true,
  }),
  openAiBaseUrl: optionalVariable('OPENAI_BASE_URL', types.url('http', 'https'), {
    description: 'The base URL of any OpenAI-compatible server, up to and including `/v1`; registers the provider.',
    example: 'http://127.0.0.1:11434/v1',
  }),
  providerRetries: variable('AION_PROVIDER_RETRIES', types.integer(0, 10), {
    description: 'How often a failed call of a provider is repeated before its answer has begun.',
    example: '2',
    fallback: '2',
  }),
  requestTimeoutMs: variable('AION_REQUEST_TIMEOUT_MS', types.integer(100, 3_600_000), {
    description: 'How long one inference may take at most, in milliseconds.',
    example: '120000',
    fallback: '120000',
  }),
  maxBodyBytes: variable('AION_MAX_BODY_BYTES', types.integer(1_024, 1_073_741_824), {
    description: 'The largest request body, in bytes.',
    example: '4194304',
    fallback: '4194304',
  }),
  prices: variable('AION_MODEL_PRICES', z.string().transform(parsePriceTable), {
    description:
      'JSON: US dollars per million tokens by model, `default` for those that are not named. A model without a price ' +
      'is charged at the default, never at zero; embedded models are free.',
    example: '{"my-model":{"input":0.15,"output":0.6},"default":{"input":10,"output":30}}',
    fallback: '{"default":{"input":10,"output":30}}',
  }),
};

/** The configuration of ai-engine. */
export type AiEngineConfig = ConfigOf<typeof aiEngineVariables>;

/** Reads the configuration. @throws ConfigError that lists every problem */
export function loadAiEngineConfig(env: Environment): AiEngineConfig {
  return loadConfig(aiEngineVariables, env);
}
