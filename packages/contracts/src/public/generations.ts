import { z } from 'zod';
import { count, listOrder, pageOf, pageQuery, text, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Kinds of failure of a generation, prefixed with the party at fault. */
export const GENERATION_ERROR_TYPES = [
  'caller_invalid_request',
  'caller_cancelled',
  'provider_unreachable',
  'provider_error',
  'provider_stream_broken',
  'provider_timeout',
  'internal_error',
] as const;

/** One of `GENERATION_ERROR_TYPES`. */
export type GenerationErrorType = (typeof GENERATION_ERROR_TYPES)[number];

const status = z
  .enum(['pending', 'succeeded', 'failed', 'cancelled'])
  .meta({ description: '`pending` until the generation is settled.' });

/** One request to a model: caller, model, tokens, cost and result, without its content. */
export const generation = z
  .object({
    id: uuid,
    tenant_id: uuid,
    api_key_id: uuid,
    project_id: uuid.nullable().meta({ description: 'The project of its key, if any.' }),
    status,
    provider: z.string(),
    model: z.string(),
    stream: z.boolean(),
    estimated_prompt_tokens: count,
    prompt_tokens: count.nullable(),
    completion_tokens: count.nullable(),
    usage_source: z.enum(['provider', 'estimated']).nullable().meta({ description: 'The source of the token counts.' }),
    cost_micro_usd: count.nullable().meta({ description: 'Millionths of a US dollar.' }),
    duration_ms: count.nullable(),
    time_to_first_token_ms: count.nullable(),
    error_type: z.enum(GENERATION_ERROR_TYPES).nullable(),
    trace_id: z.string().nullable(),
    correlation_id: z.string().nullable(),
    created_at: timestamp,
    settled_at: timestamp.nullable(),
  })
  .meta({ id: 'Generation' });

/** A generation. */
export type Generation = z.output<typeof generation>;

/** Content of a generation: the request and the answer. */
export const generationContent = z
  .object({
    generation_id: uuid,
    request: z.unknown().meta({ description: 'The body of the request.' }),
    response: z.unknown().meta({ description: 'The text and finish reason of the answer; null when there is none.' }),
  })
  .meta({ id: 'GenerationContent' });

const generationParams = z.object({ generation_id: uuid });

/** Routes of generations. */
export const generationRoutes = {
  /** `GET /api/v1/generations`. */
  list: defineRoute({
    name: 'listGenerations',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/generations',
    summary: 'List the generations',
    description: "The tenant's requests to models, newest first by default.",
    auth: { kind: 'tenant', scope: 'generations:read' },
    query: pageQuery.extend({
      status: status.optional(),
      provider: text(64).optional(),
      model: text(256).optional(),
      api_key_id: uuid.optional(),
      project_id: uuid.optional(),
      from: timestamp.optional().meta({ description: 'Only generations at this instant or later.' }),
      to: timestamp.optional().meta({ description: 'Only generations before this instant.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of generations.', json: pageOf(generation) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/generations/{generation_id}`. */
  get: defineRoute({
    name: 'getGeneration',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/generations/{generation_id}',
    summary: 'Get a generation',
    description: "The tenant's request to a model.",
    auth: { kind: 'tenant', scope: 'generations:read' },
    params: generationParams,
    response: { status: 200, description: 'The generation.', json: generation },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/generations/{generation_id}/content`. */
  getContent: defineRoute({
    name: 'getGenerationContent',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/generations/{generation_id}/content',
    summary: 'Read the content of a generation',
    description:
      'The request and the answer, where the tenant stores content. Not for operators. Each access is ' +
      'an event of the audit trail.',
    auth: { kind: 'key', scope: 'content:read' },
    params: generationParams,
    response: { status: 200, description: 'The content.', json: generationContent },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
