import type { internalRoutes, BodyOf } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import { findGenerations, idRange } from './find-generations.ts';
import type { GroupItem } from './group-commit.ts';

/** A generation to be settled. */
export interface Settling extends GroupItem {
  readonly settlement: BodyOf<typeof internalRoutes.generations.settle>;
  /** The answer as JSON; null when there is none or content is not stored. */
  readonly response: string | null;
}

/** Completes the content row, which exists only if content was stored when the generation was opened. */
const SETTLE = `
  WITH settled AS (
    UPDATE generations g SET status = s.status, error_type = s.error_type, prompt_tokens = s.prompt_tokens,
      completion_tokens = s.completion_tokens, usage_source = s.usage_source, cost_micro_usd = s.cost_micro_usd,
      duration_ms = s.duration_ms, time_to_first_token_ms = s.time_to_first_token_ms, settled_at = now()
    FROM unnest($4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[],
      $12::bigint[], $13::text[]) AS s (id, status, error_type, prompt_tokens, completion_tokens, usage_source,
        cost_micro_usd, duration_ms, time_to_first_token_ms, response)
    WHERE g.tenant_id = $1 AND g.id = s.id AND g.created_at = uuid_v7_time(s.id)
      AND g.created_at BETWEEN uuid_v7_time($2) AND uuid_v7_time($3) AND g.status = 'pending'
    RETURNING g.id, g.created_at, s.response),
  stored AS (
    UPDATE generation_contents c SET response = s.response::json FROM settled s
    WHERE c.tenant_id = $1 AND c.generation_id = s.id AND c.created_at = s.created_at
      AND c.created_at BETWEEN uuid_v7_time($2) AND uuid_v7_time($3)
      AND s.response IS NOT NULL AND (SELECT t.store_content FROM tenants t WHERE t.id = $1))
  SELECT id FROM settled`;

/**
 * Completes the rows of generations with distinct ids; a settled row is not changed.
 * @returns for each the error if there is no such row
 */
export async function settleGenerations(
  transaction: TenantTransaction,
  settlings: readonly Settling[],
): Promise<(Error | undefined)[]> {
  const ids = settlings.map(({ id }) => id);
  const rows = await transaction.query<{ id: string }>({
    table: 'generations',
    text: SETTLE,
    values: [transaction.tenantId, ...idRange(ids), ...toColumns(settlings)],
  });
  const settled = new Set(rows.map(({ id }) => id));
  const earlier = await findGenerations(
    transaction,
    ids.filter((id) => !settled.has(id)),
  );
  return ids.map((id) =>
    settled.has(id) || earlier.has(id) ? undefined : new NotFoundError(`There is no generation ${id}.`),
  );
}

function toColumns(settlings: readonly Settling[]): unknown[][] {
  return [
    settlings.map(({ id }) => id),
    settlings.map(({ settlement }) => settlement.status),
    settlings.map(({ settlement }) => settlement.error_type),
    settlings.map(({ settlement }) => settlement.prompt_tokens),
    settlings.map(({ settlement }) => settlement.completion_tokens),
    settlings.map(({ settlement }) => settlement.usage_source),
    settlings.map(({ settlement }) => settlement.cost_micro_usd),
    settlings.map(({ settlement }) => settlement.duration_ms),
    settlings.map(({ settlement }) => settlement.time_to_first_token_ms),
    settlings.map(({ response }) => response),
  ];
}
