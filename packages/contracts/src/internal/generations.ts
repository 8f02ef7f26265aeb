import { z } from 'zod';
import { count, text, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** The kinds of failure of a generation, prefixed by whose fault it is. */
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

const generationParams = z.object({ generation_id: uuid });

/**
 * Records that a provider is about to be called, before the call's first byte may reach the client: whatever is killed
 * afterwards, the row is there.
 */
export const openGeneration = defineRoute({
  name: 'openGeneration',
  service: 'database-gateway',
  method: 'PUT',
  path: '/internal/generations/{generation_id}',
  summary: 'Open a generation',
  description:
    'Writes the intent row of a generation, and its request where content is stored. Repeating it changes nothing.',
  auth: { kind: 'service' },
  params: generationParams,
  body: z.strictObject({
    tenant_id: uuid,
    api_key_id: uuid,
    provider: text(64),
    model: text(256),
    stream: z.boolean(),
    estimated_prompt_tokens: count,
    request: z.unknown().meta({ description: 'The request body as JSON, kept apart from the accounting row.' }),
  }),
  response: { status: 204, description: 'It is durable.' },
  errors: ['CONFLICT', 'UNAVAILABLE'],
  idempotent: true,
});

/** Settles a generation with what was used and what came of it. */
export const settleGeneration = defineRoute({
  name: 'settleGeneration',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/generations/{generation_id}/settlement',
  summary: 'Settle a generation',
  description: 'Completes the row of a generation. The first settlement counts; repeating it changes nothing.',
  auth: { kind: 'service' },
  params: generationParams,
  body: z.strictObject({
    tenant_id: uuid,
    status: z.enum(['succeeded', 'failed', 'cancelled']),
    error_type: z.enum(GENERATION_ERROR_TYPES).nullable(),
    prompt_tokens: count,
    completion_tokens: count,
    usage_source: z.enum(['provider', 'estimated']),
    cost_micro_usd: count.meta({ description: 'Millionths of a US dollar.' }),
    duration_ms: count,
    time_to_first_token_ms: count.nullable(),
    response: z.unknown().meta({ description: 'The answer: text and finish reason, or null.' }),
  }),
  response: { status: 204, description: 'It is durable.' },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});
