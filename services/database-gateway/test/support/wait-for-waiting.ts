import { waitFor } from '@aion/testkit';
import type { MigratedDatabase } from './test-database.ts';

/** Waits until a number of transactions of the database wait for a lock, which a transaction of the superuser may hold. */
export async function waitForWaiting(db: Pick<MigratedDatabase, 'sql'>, count: number): Promise<void> {
  const isWaiting = `datname = current_database() AND wait_event_type = 'Lock'`;
  await waitFor(
    async () => {
      // Within a transaction, PostgreSQL caches the statistics.
      await db.sql('SELECT pg_stat_clear_snapshot()');
      return (await db.sql(`SELECT 1 FROM pg_stat_activity WHERE ${isWaiting}`)).length === count;
    },
    { describe: `${count} transactions to wait`, intervalMs: 10 },
  );
}
