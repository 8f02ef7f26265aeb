import { z } from 'zod';
import { count, text, uuid } from '../fields.ts';
import { GENERATION_ERROR_TYPES } from '../public/generations.ts';
import { defineRoute } from '../route.ts';

const generationParams = z.object({ generation_id: uuid });

const opening = z.strictObject({
  tenant_id: uuid,
  api_key_id: uuid,
  provider: text(64),
  model: text(256),
  stream: z.boolean(),
  estimated_prompt_tokens: count,
  request: z.unknown().meta({ description: 'The request body as JSON, stored separately from the accounting row.' }),
});

const settlement = z.strictObject({
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
});

/** Maximum number of writes of one kind in a batch. */
export const MAX_GENERATION_BATCH = 250;

const outcomes = z
  .array(z.looseObject({ code: z.string(), detail: z.string() }).nullable())
  .meta({ description: 'One for each write, in order: null when it is durable, else problem details (RFC 9457).' });

/** Internal routes of generations. */
export const internalGenerationRoutes = {
  /**
   * Records that a provider is about to be called, before the first byte of its answer may reach the client, so that the
   * row exists whichever process is killed afterwards.
   */
  open: defineRoute({
    name: 'openGeneration',
    service: 'database-gateway',
    method: 'PUT',
    path: '/internal/generations/{generation_id}',
    summary: 'Open a generation',
    description:
      'Writes the intent row of a generation, and its request where content is stored. Repeating it changes nothing.',
    auth: { kind: 'service' },
    params: generationParams,
    body: opening,
    response: { status: 204, description: 'The write is durable.' },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Settles a generation with its usage and result. */
  settle: defineRoute({
    name: 'settleGeneration',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/generations/{generation_id}/settlement',
    summary: 'Settle a generation',
    description: 'Completes the row of a generation. The first settlement is final; repeating it changes nothing.',
    auth: { kind: 'service' },
    params: generationParams,
    body: settlement,
    response: { status: 204, description: 'The write is durable.' },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Opens and settles many generations with one request, each independently. */
  writeBatch: defineRoute({
    name: 'writeGenerations',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/generations/batch',
    summary: 'Open and settle generations',
    description:
      'Opens and settles generations of any tenants. Each succeeds or fails separately, as by its own request; those of a ' +
      'tenant are written in one transaction. A generation may not be opened and settled by the same batch.',
    auth: { kind: 'service' },
    body: z.strictObject({
      opened: z
        .array(
          opening.extend({
            generation_id: uuid,
            trace_id: z
              .string()
              .regex(/^[0-9a-f]{32}$/)
              .nullable()
              .meta({ description: 'Trace of the request.' }),
            correlation_id: text(64).nullable().meta({ description: 'Correlation id of the caller.' }),
          }),
        )
        .max(MAX_GENERATION_BATCH),
      settled: z.array(settlement.extend({ generation_id: uuid })).max(MAX_GENERATION_BATCH),
    }),
    response: {
      status: 200,
      description: 'The result of each.',
      json: z.object({ opened: outcomes, settled: outcomes }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
