import { chatCompletion, chatCompletionRequest, modelList } from '../public/chat-completions.ts';
import { defineRoute } from '../route.ts';

/** Internal routes of ai-engine. */
export const internalInferenceRoutes = {
  /** Runs a chat completion for a tenant. The answer's bytes are the provider's. */
  runChatCompletion: defineRoute({
    name: 'runChatCompletion',
    service: 'ai-engine',
    method: 'POST',
    path: '/internal/chat/completions',
    summary: 'Run a chat completion',
    description: 'Routes a completion to a provider and meters it for the tenant and the key of the caller.',
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
