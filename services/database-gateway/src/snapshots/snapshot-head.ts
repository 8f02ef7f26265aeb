import type { SnapshotHead } from '@aion/contracts';
import { SchemaDriftError, UnavailableError } from '@aion/errors';
import type pg from 'pg';
import type { ExportPlan, ExportTable } from '../data-map/export-plan.ts';
import { fingerprintSchema, readLiveSchema, type LiveColumn } from '../data-map/live-schema.ts';
import { findSchemaDrift } from '../data-map/schema-drift.ts';
import { tenantPredicate } from '../data-map/tenant-predicate.ts';

/**
 * Describes the snapshot of a session.
 * @throws SchemaDriftError when the live schema is not the one of the data map: nothing is exported on a guess
 */
export async function readSnapshotHead(
  client: pg.PoolClient,
  tenantId: string,
  plan: ExportPlan,
): Promise<SnapshotHead> {
  const schema = await readLiveSchema(async (text) => (await client.query<Record<string, unknown>>(text)).rows);
  const problems = findSchemaDrift(schema);
  if (problems.length > 0) {
    throw new SchemaDriftError(`The schema of the database is not the one of the data map. ${problems.join(' ')}`);
  }
  const identity = await readIdentity(client);
  const tables: SnapshotHead['tables'] = [];
  for (const table of plan.tables) {
    tables.push({
      name: table.name,
      order_by: [...table.orderBy],
      columns: describeColumns(table, schema.columns),
      rows: await countRows(client, table, tenantId),
    });
  }
  return {
    ...identity,
    schema_fingerprint: fingerprintSchema(schema),
    tables,
    excluded: plan.excluded.map(({ name, reason }) => ({ name, reason })),
  };
}

async function readIdentity(client: pg.PoolClient) {
  const { rows } = await client.query<{ id: string; xid: string; lsn: string; at: Date; migration: string | null }>(`
    SELECT pg_export_snapshot() AS id, pg_current_snapshot()::text AS xid, pg_current_wal_lsn()::text AS lsn,
      now() AS at, (SELECT max(name) FROM schema_migrations) AS migration`);
  const row = rows[0];
  if (row?.migration == null) throw new UnavailableError('The database has no migrations.');
  const { id, xid, lsn, at, migration } = row;
  return { snapshot_id: id, xid, lsn, taken_at: at.toISOString(), migration };
}

function describeColumns(table: ExportTable, live: readonly LiveColumn[]): { name: string; type: string }[] {
  const types = new Map(live.filter((column) => column.table_name === table.name).map((c) => [c.column_name, c.type]));
  return table.columns.map((name) => ({ name, type: types.get(name) ?? 'unknown' }));
}

async function countRows(client: pg.PoolClient, table: ExportTable, tenantId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*) AS count FROM ${client.escapeIdentifier(table.name)}
     WHERE ${tenantPredicate(table.tenantPath, '$1')}`,
    [tenantId],
  );
  return rows[0]?.count ?? 0;
}
