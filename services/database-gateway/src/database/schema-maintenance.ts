import type { ReadinessDetail } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { readLiveSchema } from '../data-map/live-schema.ts';
import { findSchemaDrift } from '../data-map/schema-drift.ts';
import type { Database } from './database.ts';

/** Maintenance of the schema: creates partitions in advance, and compares the live schema with the declared one. */
export interface SchemaMaintenance {
  /** Runs the maintenance once. Any number of processes may do so concurrently. */
  run(): Promise<void>;
  /** Returns the schema drift that the last run found, for `/readyz`; undefined without drift. */
  readiness(): ReadinessDetail | undefined;
}

/** Creates the maintenance. */
export function createSchemaMaintenance(options: {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): SchemaMaintenance {
  const { database, logger, metrics } = options;
  let drift = '';
  return {
    run: async () => {
      await preparePartitions(database, logger);
      await reportDefaultPartitionRows(database, logger, metrics);
      const found = (await readDrift(database)).join(' ');
      metrics.gauge('aion_schema_drift').set({}, found === '' ? 0 : 1);
      if (found !== drift) report(logger, found);
      drift = found;
    },
    readiness: () => (drift === '' ? undefined : { detail: `Exports are rejected. ${drift}` }),
  };
}

async function preparePartitions(database: Database, logger: Logger): Promise<void> {
  try {
    const [row] = await database.query<{ created: number }>({
      functionOf: 'generations',
      text: 'SELECT prepare_partitions() AS created',
    });
    if (row !== undefined && row.created > 0) logger.info('Partitions created', { partitions: row.created });
  } catch (error) {
    // A long transaction, such as an export's, has a lock. There are months left to retry.
    logger.warn('Partitions could not be created, will retry', { error });
  }
}

async function reportDefaultPartitionRows(database: Database, logger: Logger, metrics: Metrics): Promise<void> {
  const rows = await database.query<{ table_name: string; row_count: number }>({
    functionOf: 'generations',
    text: 'SELECT table_name, row_count FROM count_default_partition_rows()',
  });
  for (const { table_name: table, row_count: count } of rows) {
    metrics.gauge('aion_default_partition_rows').set({ table }, count);
    if (count > 0)
      logger.error('Default partition contains rows: their month has no partition', { table, rows: count });
  }
}

async function readDrift(database: Database): Promise<string[]> {
  const schema = await database.withPlatform((transaction) =>
    readLiveSchema((text) => transaction.query({ table: 'pg_catalog', text })),
  );
  return findSchemaDrift(schema);
}

function report(logger: Logger, drift: string): void {
  if (drift === '') logger.info('Schema matches the declared one again');
  else logger.error('Schema differs from the declared one, exports are rejected', { drift });
}
