import { chatCompletion, chatCompletionRequest, modelList } from '../public/chat-completions.ts';
import { defineRoute } from '../route.ts';

/** The headers by which web-api tells ai-engine on whose behalf it calls. */
export const TENANT_HEADER = 'x-aion-tenant-id';

/** See `TENANT_HEADER`. */
export const API_KEY_HEADER = 'x-aion-api-key-id';

/** Internal routes of ai-engine. */
export const internalInferenceRoutes = {
  /** Runs a chat completion for a tenant. The answer's bytes are the provider's. */
  runChatCompletion: defineRoute({
    name: 'runChatCompletion',
    service: 'ai-engine',
    method: 'POST',
    path: '/internal/chat/completions',
    summary: 'Run a chat completion',
    description: `Routes a completion to a provider and meters it. Needs the headers \`${TENANT_HEADER}\` and \`${API_KEY_HEADER}\`.`,
    auth: { kind: 'service' },
    body: chatCompletionRequest,
    response: {
      status: 200,
      description: 'As the provider answered.',
      json: chatCompletion,
      stream: 'text/event-stream',
    },
    errors: ['MODEL_NOT_FOUND', 'PROVIDER_FAILED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** Lists the models of all providers. */
  listModels: defineRoute({
    name: 'listProviderModels',
    service: 'ai-engine',
    method: 'GET',
    path: '/internal/models',
    summary: 'List the models',
    description: 'Every model that the configured providers offer now.',
    auth: { kind: 'service' },
    response: { status: 200, description: 'The models.', json: modelList },
    errors: [],
    idempotent: true,
  }),
};
