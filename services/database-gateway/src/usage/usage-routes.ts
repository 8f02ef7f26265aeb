import { internalRoute, USAGE_GROUPS, type UsageGroup, type UsageRow, routes, type QueryOf } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';

type UsageQuery = QueryOf<typeof routes.usage.get>;

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
/** A report of more rows than this is none that anybody reads. */
const MAX_ROWS = 10_000;

/** What each group is in the tables, and in an answer. */
const COLUMNS: Readonly<Record<UsageGroup, string>> = {
  day: 'day',
  provider: 'provider',
  model: 'model',
  project: 'project_id',
  api_key: 'api_key_id',
};
const SUMS = [
  ...['generations', 'succeeded', 'failed', 'cancelled', 'estimated'],
  ...['prompt_tokens', 'completion_tokens', 'cost_micro_usd'],
] as const satisfies readonly (keyof UsageRow)[];

/** The route on the usage of a tenant. */
export function createUsageRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.usage.get), async (transaction, { query }) => {
      const { from, to } = daysOf(query);
      const data = await readUsage(transaction, query, from, to);
      return { answer: { from, to, data, total: totalOf(data) } };
    }),
  ];
}

function daysOf({ from, to }: UsageQuery): { from: string; to: string } {
  const last = to ?? new Date().toISOString().slice(0, 10);
  const first = from ?? new Date(Date.parse(last) - (DEFAULT_DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (days < 1)
    throw new InvalidRequestError(`The first day, ${first}, is after the last, ${last}.`, { param: 'from' });
  if (days <= MAX_DAYS) return { from: first, to: last };
  throw new InvalidRequestError(`From ${first} to ${last} are ${days} days: ask for ${MAX_DAYS} at most.`, {
    param: 'from',
  });
}

async function readUsage(transaction: TenantTransaction, query: UsageQuery, from: string, to: string) {
  const asked = query.group_by?.split(',') ?? [];
  const groups = USAGE_GROUPS.filter((group) => asked.includes(group)).map((group) => COLUMNS[group]);
  const rows = await transaction.query<UsageRow & Record<string, unknown>>({
    operation: 'SELECT',
    table: 'usage_daily',
    text: textOf(groups),
    values: [
      ...[transaction.tenantId, from, to, query.provider ?? null, query.model ?? null],
      ...[query.project_id ?? null, query.api_key_id ?? null, MAX_ROWS + 1],
    ],
  });
  if (rows.length <= MAX_ROWS) return rows;
  throw new InvalidRequestError(`The report has more than ${MAX_ROWS} rows: ask for fewer days or groups.`, {
    param: 'group_by',
  });
}

/** What is in the sums of its day, and what is not yet: one statement sees each settlement in one of both. */
function textOf(groups: readonly string[]): string {
  const columns = groups.map((column) => (column === 'day' ? `to_char(day, 'YYYY-MM-DD') AS day` : column));
  const part = (table: string): string => `
    SELECT * FROM (
      SELECT day, provider, model, project_id, api_key_id, succeeded + failed + cancelled AS generations, succeeded, failed,
        cancelled, estimated, prompt_tokens, completion_tokens, cost_micro_usd
      FROM ${table}
      WHERE tenant_id = $1 AND day BETWEEN $2::date AND $3::date AND ($4::text IS NULL OR provider = $4)
        AND ($5::text IS NULL OR model = $5) AND ($6::uuid IS NULL OR project_id = $6)
        AND ($7::uuid IS NULL OR api_key_id = $7)) ${table}_part`;
  return `
    SELECT ${[...columns, ...SUMS.map((sum) => `coalesce(sum(${sum}), 0)::bigint AS ${sum}`)].join(', ')}
    FROM (${part('usage_daily')} UNION ALL ${part('usage_deltas')}) usage
    ${groups.length === 0 ? '' : `GROUP BY usage.${groups.join(', usage.')} ORDER BY usage.${groups.join(', usage.')}`}
    LIMIT $8`;
}

function totalOf(rows: readonly UsageRow[]) {
  const total = (name: (typeof SUMS)[number]): number => rows.reduce((sum, row) => sum + row[name], 0);
  return {
    generations: total('generations'),
    succeeded: total('succeeded'),
    failed: total('failed'),
    cancelled: total('cancelled'),
    estimated: total('estimated'),
    prompt_tokens: total('prompt_tokens'),
    completion_tokens: total('completion_tokens'),
    cost_micro_usd: total('cost_micro_usd'),
  };
}
