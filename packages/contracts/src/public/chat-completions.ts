import { z } from 'zod';
import { defineRoute } from '../route.ts';

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
});

/**
 * OpenAI's request body. The fields that AION uses are validated here; every other field is forwarded to the provider
 * unchanged, so that new parameters of a provider work immediately.
 */
export const chatCompletionRequest = z
  .looseObject({
    model: z
      .string()
      .min(1)
      .max(256)
      .meta({ description: 'A model of `GET /v1/models`.', example: 'embedded/extractive' }),
    messages: z.array(message).min(1).meta({ description: 'The conversation so far, oldest first.' }),
    stream: z.boolean().nullish().meta({ description: 'Answer as server-sent events.' }),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    max_tokens: z.number().int().min(1).nullish(),
    max_completion_tokens: z.number().int().min(1).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    n: z.number().int().min(1).max(128).nullish(),
    stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
    user: z.string().max(512).nullish(),
  })
  .meta({ id: 'ChatCompletionRequest' });

/** A validated chat completion request. */
export type ChatCompletionRequest = z.output<typeof chatCompletionRequest>;

/** Token counts of one call. */
export const usage = z.looseObject({
  prompt_tokens: z.number().int().min(0),
  completion_tokens: z.number().int().min(0),
  total_tokens: z.number().int().min(0),
});

/** OpenAI's answer to a completion that is not streamed. */
export const chatCompletion = z
  .looseObject({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.number().int(),
    model: z.string(),
    choices: z.array(
      z.looseObject({ index: z.number().int(), message: z.looseObject({}), finish_reason: z.string().nullable() }),
    ),
    usage: usage.optional(),
  })
  .meta({ id: 'ChatCompletion' });

/** Data of the last event of a completion stream; OpenAI's clients close the connection when they receive it. */
export const STREAM_TERMINATOR = 'data: [DONE]';

/** OpenAI's list of models. */
export const modelList = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z.looseObject({ id: z.string(), object: z.literal('model'), created: z.number().int(), owned_by: z.string() }),
    ),
  })
  .meta({ id: 'ModelList' });

/** Routes of chat completions. */
export const chatCompletionRoutes = {
  /** `POST /v1/chat/completions`. */
  create: defineRoute({
    name: 'createChatCompletion',
    service: 'web-api',
    method: 'POST',
    path: '/v1/chat/completions',
    summary: 'Create a chat completion',
    description: "OpenAI's chat completions, plain or streamed, from any configured provider.",
    auth: { kind: 'key', scope: 'inference' },
    body: chatCompletionRequest,
    response: {
      status: 200,
      description: 'The completion, or a stream of `chat.completion.chunk` events that ends with `data: [DONE]`.',
      json: chatCompletion,
      stream: 'text/event-stream',
    },
    errors: ['MODEL_NOT_FOUND', 'PROVIDER_FAILED', 'DEADLINE_EXCEEDED', 'PAYLOAD_TOO_LARGE', 'UNAVAILABLE'],
    idempotent: false,
  }),
};

/** Routes of models. */
export const modelRoutes = {
  /** `GET /v1/models`. */
  list: defineRoute({
    name: 'listModels',
    service: 'web-api',
    method: 'GET',
    path: '/v1/models',
    summary: 'List the models',
    description: 'Every model that the configured providers currently offer.',
    auth: { kind: 'key', scope: 'inference' },
    response: { status: 200, description: 'The models.', json: modelList },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
