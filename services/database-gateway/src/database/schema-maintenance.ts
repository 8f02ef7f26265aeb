import type { ReadinessDetail } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { readLiveSchema } from '../data-map/live-schema.ts';
import { findSchemaDrift } from '../data-map/schema-drift.ts';
import type { Database } from './database.ts';

/** Makes partitions ahead, and watches that the live schema is the one that is declared. */
export interface SchemaUpkeep {
  /** Looks once. Any number of processes may do so at once. */
  run(): Promise<void>;
  /** What `/readyz` says of the last look: nothing, when all was well. */
  readiness(): ReadinessDetail | undefined;
}

/** Creates the upkeep. */
export function createSchemaUpkeep(options: {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): SchemaUpkeep {
  const { database, logger, metrics } = options;
  let drift = '';
  return {
    run: async () => {
      await preparePartitions(database, logger);
      await watchDefaultPartitions(database, logger, metrics);
      const found = (await readDrift(database)).join(' ');
      metrics.gauge('aion_schema_drift').set({}, found === '' ? 0 : 1);
      if (found !== drift) report(logger, found);
      drift = found;
    },
    readiness: () => (drift === '' ? undefined : { detail: `Exports are refused. ${drift}` }),
  };
}

async function preparePartitions(database: Database, logger: Logger): Promise<void> {
  try {
    const [row] = await database.query<{ created: number }>({
      operation: 'CALL',
      table: 'generations',
      text: 'SELECT prepare_partitions() AS created',
    });
    if (row !== undefined && row.created > 0) logger.info('Partitions were created', { partitions: row.created });
  } catch (error) {
    // A long transaction holds a lock, such as an export's. There are months left to try again.
    logger.warn('Partitions could not be created; it is tried again', { error });
  }
}

async function watchDefaultPartitions(database: Database, logger: Logger, metrics: Metrics): Promise<void> {
  const rows = await database.query<{ table_name: string; row_count: number }>({
    operation: 'CALL',
    table: 'generations',
    text: 'SELECT table_name, row_count FROM count_default_partition_rows()',
  });
  for (const { table_name: table, row_count: count } of rows) {
    metrics.gauge('aion_default_partition_rows').set({ table }, count);
    if (count > 0) logger.error('Rows are in a default partition: their month has none', { table, rows: count });
  }
}

async function readDrift(database: Database): Promise<string[]> {
  const schema = await database.withPlatform((transaction) =>
    readLiveSchema((text) => transaction.query({ operation: 'SELECT', table: 'pg_catalog', text })),
  );
  return findSchemaDrift(schema);
}

function report(logger: Logger, drift: string): void {
  if (drift === '') logger.info('The schema is the declared one again');
  else logger.error('The schema is not the declared one: exports are refused', { drift });
}
