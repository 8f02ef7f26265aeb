import { parseExposition, type Metrics, type Sample } from '@aion/metrics';
import type { MigratedDatabase } from './test-database.ts';

/** Reads the dedupe keys of a tenant's outbox rows. */
export async function outboxKeysOf(db: MigratedDatabase, tenantId: string): Promise<string[]> {
  const rows = await db.sql<{ dedupe_key: string }>('SELECT dedupe_key FROM outbox WHERE tenant_id = $1 ORDER BY id', [
    tenantId,
  ]);
  return rows.map((row) => row.dedupe_key);
}

/** Expires the lease of an export, as if its worker had died. */
export async function expireLease(db: MigratedDatabase, id: string): Promise<void> {
  await db.sql(`UPDATE export_jobs SET lease_until = now() - interval '1 s' WHERE id = $1`, [id]);
}

/** Reads the nonzero series of exports, without buckets. */
export async function countedExports(metrics: Metrics): Promise<string[]> {
  const { samples } = parseExposition((await metrics.exposition()).body);
  const series = samples.filter(({ name, value }) => /^aion_export\w+(total|count)$/.test(name) && value !== 0);
  return series.map(({ name, labels, value }) => [name, ...Object.values(labels), value].join(' '));
}

/** Reads the total duration of the exports of an outcome, in seconds. */
export async function exportSecondsOf(metrics: Metrics, outcome: string): Promise<number> {
  const { samples } = parseExposition((await metrics.exposition()).body);
  const sum = ({ name }: Sample) => name === 'aion_export_duration_seconds_sum';
  return samples.find((sample) => sum(sample) && sample.labels['outcome'] === outcome)?.value ?? Number.NaN;
}
