import type { openGeneration, settleGeneration } from '@aion/contracts';
import { ConflictError, InvalidRequestError, NotFoundError } from '@aion/errors';
import { activeIds, activeSpanIds } from '@aion/tracing';
import type { z } from 'zod';
import type { Database, TenantTransaction } from '../database/database.ts';
import { isCheckViolation, isForeignKeyViolation } from '../database/database-error.ts';

type NewGeneration = z.output<NonNullable<typeof openGeneration.body>>;
type Settlement = z.output<NonNullable<typeof settleGeneration.body>>;

/** How far the time in a new id may be from now, for clocks that differ and requests that are repeated. */
const MAX_ID_DRIFT_MS = 86_400_000;

/**
 * The accounting rows of generations and, apart from them, their content. Both are partitioned by the time in the id: a
 * query that names it reaches one partition.
 */
export interface GenerationStore {
  /**
   * Writes the intent row, once.
   * @throws ConflictError when the key is not one of the tenant, or the id is another tenant's; InvalidRequestError when
   *   the id is not a UUID v7 made within a day of now
   */
  open(id: string, generation: NewGeneration): Promise<void>;
  /** Completes the row; only the first settlement counts. @throws NotFoundError; InvalidRequestError */
  settle(id: string, settlement: Settlement): Promise<void>;
}

/** Creates the store. With `storeContent` off, neither prompts nor answers are written. */
export function createGenerationStore(
  database: Database,
  options: { readonly storeContent: boolean },
): GenerationStore {
  return {
    open: async (id, generation) => {
      assertRecent(id);
      try {
        await database.withTenant(generation.tenant_id, async (transaction) => {
          const isNew = await insertGeneration(transaction, id, generation);
          if (isNew && options.storeContent) await insertContent(transaction, id, generation.request);
          if (!isNew && !(await exists(transaction, id))) throw new ConflictError(`The generation id ${id} is taken.`);
        });
      } catch (error) {
        if (!isForeignKeyViolation(error)) throw error;
        throw new ConflictError(`Tenant ${generation.tenant_id} has no key ${generation.api_key_id}.`, {
          cause: error,
          param: 'api_key_id',
        });
      }
    },
    settle: async (id, settlement) => {
      try {
        await database.withTenant(settlement.tenant_id, async (transaction) => {
          const isFirst = await updateGeneration(transaction, id, settlement);
          if (isFirst && options.storeContent) await updateContent(transaction, id, settlement.response);
          if (!isFirst && !(await exists(transaction, id))) throw new NotFoundError(`There is no generation ${id}.`);
        });
      } catch (error) {
        if (!isCheckViolation(error)) throw error;
        throw new InvalidRequestError('A failed generation needs an error_type, and a successful one has none.', {
          cause: error,
          param: 'error_type',
        });
      }
    },
  };
}

/** What was made long ago, or is yet to be, may have no partition to go to. */
function assertRecent(id: string): void {
  const madeAt = id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : Number.NaN;
  if (Math.abs(madeAt - Date.now()) <= MAX_ID_DRIFT_MS) return;
  throw new InvalidRequestError(
    `The generation id ${id} is not a UUID of version 7 that was made within a day of now.`,
    {
      param: 'generation_id',
    },
  );
}

async function insertGeneration(transaction: TenantTransaction, id: string, generation: NewGeneration) {
  const rows = await transaction.query({
    operation: 'INSERT',
    table: 'generations',
    text: `
      INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens,
        trace_id, correlation_id, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, uuid_v7_time($1)) ON CONFLICT (id, created_at) DO NOTHING
      RETURNING id`,
    values: [
      id,
      transaction.tenantId,
      generation.api_key_id,
      generation.provider,
      generation.model,
      generation.stream,
      generation.estimated_prompt_tokens,
      activeSpanIds()?.traceId ?? null,
      activeIds().correlationId ?? null,
    ],
  });
  return rows.length > 0;
}

async function insertContent(transaction: TenantTransaction, id: string, request: unknown): Promise<void> {
  await transaction.query({
    operation: 'INSERT',
    table: 'generation_contents',
    text: `
      INSERT INTO generation_contents (generation_id, tenant_id, request, created_at)
      VALUES ($1, $2, $3, uuid_v7_time($1))`,
    values: [id, transaction.tenantId, JSON.stringify(request ?? null)],
  });
}

async function updateGeneration(transaction: TenantTransaction, id: string, settlement: Settlement): Promise<boolean> {
  const rows = await transaction.query({
    operation: 'UPDATE',
    table: 'generations',
    text: `
      UPDATE generations SET status = $3, error_type = $4, prompt_tokens = $5, completion_tokens = $6,
        usage_source = $7, cost_micro_usd = $8, duration_ms = $9, time_to_first_token_ms = $10, settled_at = now()
      WHERE tenant_id = $1 AND id = $2 AND created_at = uuid_v7_time($2) AND status = 'pending' RETURNING id`,
    values: [
      transaction.tenantId,
      id,
      settlement.status,
      settlement.error_type,
      settlement.prompt_tokens,
      settlement.completion_tokens,
      settlement.usage_source,
      settlement.cost_micro_usd,
      settlement.duration_ms,
      settlement.time_to_first_token_ms,
    ],
  });
  return rows.length > 0;
}

async function updateContent(transaction: TenantTransaction, id: string, response: unknown): Promise<void> {
  // No row was written when content was not stored at the opening: then there is nothing to complete.
  await transaction.query({
    operation: 'UPDATE',
    table: 'generation_contents',
    text: `
      UPDATE generation_contents SET response = $3
      WHERE tenant_id = $1 AND generation_id = $2 AND created_at = uuid_v7_time($2)`,
    values: [transaction.tenantId, id, response === null || response === undefined ? null : JSON.stringify(response)],
  });
}

async function exists(transaction: TenantTransaction, id: string): Promise<boolean> {
  const rows = await transaction.query({
    operation: 'SELECT',
    table: 'generations',
    text: 'SELECT 1 FROM generations WHERE tenant_id = $1 AND id = $2 AND created_at = uuid_v7_time($2)',
    values: [transaction.tenantId, id],
  });
  return rows.length > 0;
}
