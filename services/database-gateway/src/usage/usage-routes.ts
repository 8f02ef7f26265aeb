import { USAGE_GROUPS, internalRoute, type QueryOf, type UsageGroup, type UsageRow, routes } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { SUM_COLUMNS, selectUsage } from './usage-store.ts';

type UsageQuery = QueryOf<typeof routes.usage.get>;

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
/** Limit of the size of a report. */
const MAX_ROWS = 10_000;

/** Columns of the tables by group. */
const GROUP_COLUMNS: Readonly<Record<UsageGroup, string>> = {
  day: 'day',
  provider: 'provider',
  model: 'model',
  project: 'project_id',
  api_key: 'api_key_id',
};

/** Creates the route of the usage of a tenant. */
export function createUsageRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.usage.get), async (transaction, { query }) => {
      const { from, to } = resolveDays(query);
      const data = await readUsage(transaction, { ...query, from, to });
      return { answer: { from, to, data, total: sumRows(data) } };
    }),
  ];
}

function resolveDays({ from, to }: UsageQuery): { from: string; to: string } {
  const last = to ?? new Date().toISOString().slice(0, 10);
  const first = from ?? new Date(Date.parse(last) - (DEFAULT_DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (days < 1)
    throw new InvalidRequestError(`The first day, ${first}, is after the last, ${last}.`, { param: 'from' });
  if (days <= MAX_DAYS) return { from: first, to: last };
  throw new InvalidRequestError(`From ${first} to ${last} are ${days} days: request at most ${MAX_DAYS}.`, {
    param: 'from',
  });
}

async function readUsage(
  transaction: TenantTransaction,
  query: UsageQuery & { readonly from: string; readonly to: string },
): Promise<UsageRow[]> {
  const requested = query.group_by?.split(',') ?? [];
  const rows = await selectUsage(transaction, {
    from: query.from,
    to: query.to,
    provider: query.provider ?? null,
    model: query.model ?? null,
    projectId: query.project_id ?? null,
    keyId: query.api_key_id ?? null,
    groups: USAGE_GROUPS.filter((group) => requested.includes(group)).map((group) => GROUP_COLUMNS[group]),
    limit: MAX_ROWS + 1,
  });
  if (rows.length <= MAX_ROWS) return rows;
  throw new InvalidRequestError(`The report has more than ${MAX_ROWS} rows: request fewer days or groups.`, {
    param: 'group_by',
  });
}

function sumRows(rows: readonly UsageRow[]) {
  const total = (name: (typeof SUM_COLUMNS)[number]): number => rows.reduce((sum, row) => sum + row[name], 0);
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
