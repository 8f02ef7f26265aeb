import { internalRoute, type Caller, type Generation, routes, type QueryOf } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage, type PageWindow } from '../management/read-page.ts';

type GenerationFilter = QueryOf<typeof routes.generations.list>;

interface GenerationRow extends Omit<Generation, 'created_at' | 'settled_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly settled_at: Date | null;
}

const COLUMNS = `id, tenant_id, api_key_id, project_id, status, provider, model, stream, estimated_prompt_tokens,
  prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, time_to_first_token_ms, error_type, trace_id,
  correlation_id, created_at, settled_at`;

/** Creates the routes of the generations of a tenant. */
export function createGenerationRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.generations.list), (transaction, { query }) => listAll(transaction, query)),
    forTenant(internalRoute(routes.generations.get), async (transaction, { params }) => ({
      answer: await readGeneration(transaction, params.generation_id),
    })),
    forTenant(internalRoute(routes.generations.getContent), async (transaction, { params, caller }) => ({
      answer: await readContent(transaction, params.generation_id, caller),
    })),
  ];
}

function toGeneration(row: GenerationRow): Generation {
  return { ...row, created_at: row.created_at.toISOString(), settled_at: row.settled_at?.toISOString() ?? null };
}

/** Lists generations by id. Ids sort by `created_at`, so PostgreSQL reads only the partitions of the page, by an index. */
function listAll(transaction: TenantTransaction, query: GenerationFilter) {
  const { status, provider, model, api_key_id: keyId, project_id: projectId, from, to } = query;
  return readPage({
    list: 'generations',
    positions: 'uuid',
    query,
    read: async (page) => {
      const rows = await transaction.query<GenerationRow>({
        table: 'generations',
        text: textOf(page),
        values: [
          transaction.tenantId,
          page.after,
          status ?? null,
          provider ?? null,
          model ?? null,
          keyId ?? null,
          projectId ?? null,
          from ?? null,
          to ?? null,
          page.limit,
        ],
      });
      return rows.map(toGeneration);
    },
    positionOf: ({ id }) => id,
  });
}

function textOf({ comparison, direction }: PageWindow): string {
  return `
    SELECT ${COLUMNS} FROM generations
    WHERE tenant_id = $1
      AND ($2::uuid IS NULL
        OR (created_at ${comparison}= uuid_v7_time($2) AND (created_at, id) ${comparison} (uuid_v7_time($2), $2)))
      AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR provider = $4) AND ($5::text IS NULL OR model = $5)
      AND ($6::uuid IS NULL OR api_key_id = $6) AND ($7::uuid IS NULL OR project_id = $7)
      AND ($8::timestamptz IS NULL OR created_at >= $8) AND ($9::timestamptz IS NULL OR created_at < $9)
    ORDER BY created_at ${direction}, id ${direction} LIMIT $10`;
}

async function readGeneration(transaction: TenantTransaction, id: string): Promise<Generation> {
  const [row] = await transaction.query<GenerationRow>({
    table: 'generations',
    text: `SELECT ${COLUMNS} FROM generations WHERE tenant_id = $1 AND id = $2 AND created_at = uuid_v7_time($2)`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no generation ${id}.`);
  return toGeneration(row);
}

async function readContent(transaction: TenantTransaction, id: string, { actor }: Caller) {
  const [row] = await transaction.query<{ request: unknown; response: unknown }>({
    table: 'generation_contents',
    text: `
      SELECT request, response FROM generation_contents
      WHERE tenant_id = $1 AND generation_id = $2 AND created_at = uuid_v7_time($2)`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`No content is stored of a generation ${id}.`);
  await recordAuditEvent(transaction, {
    actor,
    action: 'generation.content_read',
    targetType: 'generation',
    targetId: id,
  });
  return { generation_id: id, request: row.request, response: row.response };
}
