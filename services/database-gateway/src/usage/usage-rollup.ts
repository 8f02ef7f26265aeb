import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Database } from '../database/database.ts';

/** The difference between what a day's sums say and what its generations say. All are zero when all is well. */
export interface UsageDifference {
  /** A day of UTC, `YYYY-MM-DD`. */
  readonly day: string;
  /** How many settled generations the day has. */
  readonly generations: number;
  readonly generationsDifference: number;
  readonly tokensDifference: number;
  readonly costMicroUsdDifference: number;
}

/** Keeps the sums of usage. Any number of processes may do so at once. */
export interface UsageRollup {
  /** Moves what was settled into the sums of its day, all that there is. */
  fold(): Promise<void>;
  /** Compares the sums of days, first and last included, with their generations. */
  reconcile(firstDay: string, lastDay: string): Promise<readonly UsageDifference[]>;
  /** Compares today and yesterday, and tells of a difference. */
  watch(): Promise<void>;
}

const MAX_ROWS = 5_000;
const DAY_MS = 86_400_000;

/** Creates the keeping of usage. */
export function createUsageRollup(options: {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): UsageRollup {
  const { database, logger, metrics } = options;
  const reconcile = (firstDay: string, lastDay: string) => readDifferences(database, firstDay, lastDay);
  return {
    fold: async () => {
      for (let folded = MAX_ROWS; folded === MAX_ROWS;) folded = await foldUsage(database);
      metrics.gauge('aion_usage_rollup_lag_seconds').set({}, await readLag(database));
    },
    reconcile,
    watch: async () => {
      const now = Date.now();
      const days = await reconcile(toDay(now - DAY_MS), toDay(now));
      const different = days.filter((day) => differenceOf(day) > 0);
      metrics.gauge('aion_usage_difference').set(
        {},
        different.reduce((sum, day) => sum + differenceOf(day), 0),
      );
      for (const day of different) logger.error('Usage differs from the generations that it is the sum of', { ...day });
    },
  };
}

async function foldUsage(database: Database): Promise<number> {
  const [row] = await database.query<{ folded: number }>({
    operation: 'CALL',
    table: 'usage_daily',
    text: 'SELECT fold_usage($1) AS folded',
    values: [MAX_ROWS],
  });
  return row?.folded ?? 0;
}

async function readLag(database: Database): Promise<number> {
  const [row] = await database.query<{ lag: number }>({
    operation: 'CALL',
    table: 'usage_daily',
    text: 'SELECT usage_rollup_lag() AS lag',
  });
  return row?.lag ?? 0;
}

async function readDifferences(database: Database, firstDay: string, lastDay: string): Promise<UsageDifference[]> {
  return database.query<UsageDifference & Record<string, unknown>>({
    operation: 'CALL',
    table: 'usage_daily',
    text: `
      SELECT to_char(day, 'YYYY-MM-DD') AS day, generations, generations_difference AS "generationsDifference",
        tokens_difference AS "tokensDifference", cost_micro_usd_difference AS "costMicroUsdDifference"
      FROM reconcile_usage($1, $2)`,
    values: [firstDay, lastDay],
  });
}

function differenceOf(day: UsageDifference): number {
  return day.generationsDifference + day.tokensDifference + day.costMicroUsdDifference;
}

function toDay(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 10);
}
