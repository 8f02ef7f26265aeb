import type { UsageRow } from '@aion/contracts';
import type { Database, TenantTransaction } from '../database/database.ts';

/** Difference between the sums of a day and its generations. Every difference is zero while usage is consistent. */
export interface UsageDifference {
  /** A UTC day, `YYYY-MM-DD`. */
  readonly day: string;
  /** Number of settled generations of the day. */
  readonly generations: number;
  readonly generationsDifference: number;
  readonly tokensDifference: number;
  readonly costMicroUsdDifference: number;
}

/** Query of `selectUsage`. */
export interface UsageFilter {
  /** First and last UTC day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  readonly provider: string | null;
  readonly model: string | null;
  readonly projectId: string | null;
  readonly keyId: string | null;
  /** Columns of the tables to group by. */
  readonly groups: readonly string[];
  /** Maximum number of rows. */
  readonly limit: number;
}

/** Columns that contain sums. */
export const SUM_COLUMNS = [
  'generations',
  'succeeded',
  'failed',
  'cancelled',
  'estimated',
  'prompt_tokens',
  'completion_tokens',
  'cost_micro_usd',
] as const satisfies readonly (keyof UsageRow)[];

/** Sums the usage of a tenant, of days that are rolled up and of settlements that are not yet, in one statement. */
export function selectUsage(transaction: TenantTransaction, filter: UsageFilter): Promise<UsageRow[]> {
  const { from, to, provider, model, projectId, keyId, groups, limit } = filter;
  return transaction.query<UsageRow & Record<string, unknown>>({
    table: 'usage_daily',
    text: buildUsageQuery(groups),
    values: [transaction.tenantId, from, to, provider, model, projectId, keyId, limit],
  });
}

/** Moves at most `maxRows` settlements into the sums of their days. Returns their number. */
export async function rollUpUsage(database: Database, maxRows: number): Promise<number> {
  const [row] = await database.query<{ folded: number }>({
    functionOf: 'usage_daily',
    text: 'SELECT fold_usage($1) AS folded',
    values: [maxRows],
  });
  return row?.folded ?? 0;
}

/** Returns the age in seconds of the oldest settlement that is not rolled up. */
export async function readRollupLag(database: Database): Promise<number> {
  const [row] = await database.query<{ lag: number }>({
    functionOf: 'usage_daily',
    text: 'SELECT usage_rollup_lag() AS lag',
  });
  return row?.lag ?? 0;
}

/** Compares the sums of days, first and last included, with their generations. */
export function selectUsageDifferences(
  database: Database,
  firstDay: string,
  lastDay: string,
): Promise<UsageDifference[]> {
  return database.query<UsageDifference & Record<string, unknown>>({
    functionOf: 'usage_daily',
    text: `
      SELECT to_char(day, 'YYYY-MM-DD') AS day, generations, generations_difference AS "generationsDifference",
        tokens_difference AS "tokensDifference", cost_micro_usd_difference AS "costMicroUsdDifference"
      FROM reconcile_usage($1, $2)`,
    values: [firstDay, lastDay],
  });
}

/** Builds one statement over both tables, so that it counts each settlement exactly once. */
function buildUsageQuery(groups: readonly string[]): string {
  const columns = groups.map((column) => (column === 'day' ? `to_char(day, 'YYYY-MM-DD') AS day` : column));
  const part = (table: string): string => `
    SELECT * FROM (
      SELECT day, provider, model, project_id, api_key_id, succeeded + failed + cancelled AS generations, succeeded, failed,
        cancelled, estimated, prompt_tokens, completion_tokens, cost_micro_usd
      FROM ${table}
      WHERE tenant_id = $1 AND day BETWEEN $2::date AND $3::date AND ($4::text IS NULL OR provider = $4)
        AND ($5::text IS NULL OR model = $5) AND ($6::uuid IS NULL OR project_id = $6)
        AND ($7::uuid IS NULL OR api_key_id = $7)) ${table}_part`;
  const sums = SUM_COLUMNS.map((sum) => `coalesce(sum(${sum}), 0)::bigint AS ${sum}`);
  const groupList = `usage.${groups.join(', usage.')}`;
  return `
    SELECT ${[...columns, ...sums].join(', ')}
    FROM (${part('usage_daily')} UNION ALL ${part('usage_deltas')}) usage
    ${groups.length === 0 ? '' : `GROUP BY ${groupList} ORDER BY ${groupList}`}
    LIMIT $8`;
}
