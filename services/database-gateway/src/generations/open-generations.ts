import type { internalRoutes, BodyOf } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import { findGenerations } from './find-generations.ts';
import type { GroupItem } from './group-commit.ts';

/** A generation to be opened. */
export interface Opening extends GroupItem {
  readonly generation: BodyOf<typeof internalRoutes.generations.open>;
  /** The request as JSON; null when content is not stored. */
  readonly request: string | null;
  readonly traceId: string | null;
  readonly correlationId: string | null;
}

/** Inserts new rows with the project of their key, and their content if the tenant permits it. */
const OPEN = `
  WITH known AS (
    SELECT w.*, k.project_id
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::bigint[], $8::text[], $9::text[],
      $10::text[]) AS w (id, api_key_id, provider, model, stream, estimated_prompt_tokens, trace_id, correlation_id, request)
    JOIN api_keys k ON k.tenant_id = $1 AND k.id = w.api_key_id),
  opened AS (
    INSERT INTO generations (id, tenant_id, api_key_id, project_id, provider, model, stream, estimated_prompt_tokens,
      trace_id, correlation_id, created_at)
    SELECT id, $1, api_key_id, project_id, provider, model, stream, estimated_prompt_tokens, trace_id, correlation_id,
      uuid_v7_time(id)
    FROM known ON CONFLICT (id, created_at) DO NOTHING RETURNING id),
  stored AS (
    INSERT INTO generation_contents (generation_id, tenant_id, request, created_at)
    SELECT id, $1, request::json, uuid_v7_time(id) FROM known JOIN opened USING (id)
    WHERE request IS NOT NULL AND (SELECT t.store_content FROM tenants t WHERE t.id = $1))
  SELECT k.id, o.id IS NOT NULL AS is_new FROM known k LEFT JOIN opened o USING (id)`;

/**
 * Writes the intent rows of generations with distinct ids; an existing row is not changed.
 * @returns for each the error if it was rejected: a key of another tenant, or an id of another tenant
 */
export async function openGenerations(
  transaction: TenantTransaction,
  openings: readonly Opening[],
): Promise<(Error | undefined)[]> {
  const { tenantId } = transaction;
  const rows = await transaction.query<{ id: string; is_new: boolean }>({
    table: 'generations',
    text: OPEN,
    values: [tenantId, ...toColumns(openings)],
  });
  const known = new Map(rows.map(({ id, is_new: isNew }) => [id, isNew]));
  const repeated = rows.flatMap(({ id, is_new: isNew }) => (isNew ? [] : [id]));
  const own = await findGenerations(transaction, repeated);
  return openings.map(({ id, generation }) => {
    const isNew = known.get(id);
    if (isNew === undefined) {
      return new ConflictError(`Tenant ${tenantId} has no key ${generation.api_key_id}.`, { param: 'api_key_id' });
    }
    return isNew || own.has(id) ? undefined : new ConflictError(`The generation id ${id} is taken.`);
  });
}

function toColumns(openings: readonly Opening[]): unknown[][] {
  return [
    openings.map(({ id }) => id),
    openings.map(({ generation }) => generation.api_key_id),
    openings.map(({ generation }) => generation.provider),
    openings.map(({ generation }) => generation.model),
    openings.map(({ generation }) => generation.stream),
    openings.map(({ generation }) => generation.estimated_prompt_tokens),
    openings.map(({ traceId }) => traceId),
    openings.map(({ correlationId }) => correlationId),
    openings.map(({ request }) => request),
  ];
}
