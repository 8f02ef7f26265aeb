import type { internalRoutes, BodyOf } from '@aion/contracts';
import { InvalidRequestError, NotFoundError } from '@aion/errors';
import { activeIds, activeSpanIds } from '@aion/tracing';
import type { Database } from '../database/database.ts';
import { isCheckViolation } from '../database/database-error.ts';
import { createGroupCommit } from './group-commit.ts';
import { openGenerations, type Opening } from './open-generations.ts';
import { settleGenerations, type Settling } from './settle-generations.ts';

type NewGeneration = BodyOf<typeof internalRoutes.generations.open>;
type Settlement = BodyOf<typeof internalRoutes.generations.settle>;

/** Trace and correlation id of the request that a generation belongs to. */
export interface GenerationOrigin {
  readonly traceId: string | null;
  readonly correlationId: string | null;
}

/** Maximum difference between the time in a new id and now, for clock skew and repeated requests. */
const MAX_ID_DRIFT_MS = 86_400_000;
/** Approximate size of an item in addition to its content. */
const ROW_BYTES = 500;

/**
 * Accounting rows of generations and, in a separate table, their content. Both are partitioned by the time in the id, so
 * that a query by id reads one partition. Concurrent requests share a transaction, and each fails separately.
 */
export interface GenerationStore {
  /**
   * Writes the intent row, once; resolves when it is durable.
   * @param origin default: the active request
   * @throws ConflictError when the key does not belong to the tenant, or the id belongs to another tenant
   * @throws InvalidRequestError when the id is not a UUID v7 created within a day of now
   */
  open(id: string, generation: NewGeneration, origin?: GenerationOrigin): Promise<void>;
  /**
   * Completes the row; resolves when that is durable. Only the first settlement has an effect.
   * @throws NotFoundError; InvalidRequestError
   */
  settle(id: string, settlement: Settlement): Promise<void>;
}

/**
 * Creates the store. Prompts and answers are written only if `storeContent` is true and the tenant permits it.
 */
export function createGenerationStore(
  database: Database,
  { storeContent }: { readonly storeContent: boolean },
): GenerationStore {
  const open = createGroupCommit<Opening>({
    write: (tenantId, items) => database.withTenant(tenantId, (transaction) => openGenerations(transaction, items)),
  });
  const settle = createGroupCommit<Settling>({
    write: (tenantId, items) => database.withTenant(tenantId, (transaction) => settleGenerations(transaction, items)),
  });
  return {
    open: async (givenId, generation, origin = activeOrigin()) => {
      const id = givenId.toLowerCase();
      assertRecent(id);
      const request = storeContent ? JSON.stringify(generation.request ?? null) : null;
      await open(generation.tenant_id, { id, bytes: bytesOf(request), generation, request, ...origin });
    },
    settle: async (givenId, settlement) => {
      const id = givenId.toLowerCase();
      if (Number.isNaN(timeOf(id))) throw new NotFoundError(`There is no generation ${id}.`);
      const answer = storeContent ? settlement.response : null;
      const response = answer === null || answer === undefined ? null : JSON.stringify(answer);
      try {
        await settle(settlement.tenant_id, { id, bytes: bytesOf(response), settlement, response });
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

function activeOrigin(): GenerationOrigin {
  return { traceId: activeSpanIds()?.traceId ?? null, correlationId: activeIds().correlationId ?? null };
}

function bytesOf(content: string | null): number {
  return ROW_BYTES + (content?.length ?? 0);
}

/** Rejects ids far from now, for which a partition may not exist. */
function assertRecent(id: string): void {
  if (Math.abs(timeOf(id) - Date.now()) <= MAX_ID_DRIFT_MS) return;
  throw new InvalidRequestError(
    `The generation id ${id} is not a UUID of version 7 that was made within a day of now.`,
    { param: 'generation_id' },
  );
}

/** Returns the time in a UUID v7 in milliseconds since 1970; NaN for any other text. */
function timeOf(id: string): number {
  return id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : Number.NaN;
}
