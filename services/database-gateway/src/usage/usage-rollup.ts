import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Database } from '../database/database.ts';
import { readRollupLag, rollUpUsage, selectUsageDifferences, type UsageDifference } from './usage-store.ts';

/** Rollup of usage into daily sums. Any number of processes may run it at the same time. */
export interface UsageRollup {
  /** Moves all settlements that are not rolled up into the sums of their days. */
  rollUp(): Promise<void>;
  /** Compares the sums of days, first and last included, with their generations. */
  reconcile(firstDay: string, lastDay: string): Promise<readonly UsageDifference[]>;
  /** Compares today and yesterday, and reports differences as a metric and an ERROR. */
  checkConsistency(): Promise<void>;
}

const MAX_ROWS = 5_000;
const DAY_MS = 86_400_000;

/** Creates the rollup of usage. */
export function createUsageRollup(options: {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): UsageRollup {
  const { database, logger, metrics } = options;
  return {
    rollUp: async () => {
      let moved;
      do moved = await rollUpUsage(database, MAX_ROWS);
      while (moved === MAX_ROWS);
      metrics.gauge('aion_usage_rollup_lag_seconds').set({}, await readRollupLag(database));
    },
    reconcile: (firstDay, lastDay) => selectUsageDifferences(database, firstDay, lastDay),
    checkConsistency: async () => {
      const now = Date.now();
      const days = await selectUsageDifferences(database, toDay(now - DAY_MS), toDay(now));
      const different = days.filter((day) => toDifference(day) > 0);
      const total = different.reduce((sum, day) => sum + toDifference(day), 0);
      metrics.gauge('aion_usage_difference').set({}, total);
      for (const day of different) logger.error('Usage differs from its generations', { ...day });
    },
  };
}

function toDifference(day: UsageDifference): number {
  return day.generationsDifference + day.tokensDifference + day.costMicroUsdDifference;
}

function toDay(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 10);
}
