import type { SnapshotHead } from '@aion/contracts';
import { SchemaDriftError, UnavailableError } from '@aion/errors';
import pg from 'pg';
import type { ExportPlan, ExportTable } from '../data-map/export-plan.ts';
import { readLiveSchema, type LiveColumn } from '../data-map/live-schema.ts';
import { findSchemaDrift } from '../data-map/schema-drift.ts';
import { fingerprintSchema } from '../data-map/schema-digests.ts';
import { tenantPredicate } from '../database/tenant-predicate.ts';
import type { SnapshotSession } from './snapshot-session.ts';

const CATALOGUE = { table: 'pg_catalog' } as const;

/**
 * Describes the snapshot of a session.
 * @throws SchemaDriftError when the live schema differs from the data map
 */
export async function readSnapshotHead(
  session: SnapshotSession,
  tenantId: string,
  plan: ExportPlan,
): Promise<SnapshotHead> {
  const schema = await readLiveSchema((text) => session.query({ ...CATALOGUE, text }));
  const problems = findSchemaDrift(schema);
  if (problems.length > 0) {
    throw new SchemaDriftError(`The schema of the database differs from the data map. ${problems.join(' ')}`);
  }
  const identity = await readIdentity(session);
  const tables: SnapshotHead['tables'] = [];
  for (const table of plan.tables) {
    tables.push({
      name: table.name,
      order_by: [...table.orderBy],
      columns: describeColumns(table, schema.columns),
      rows: await countRows(session, table, tenantId),
    });
  }
  return {
    ...identity,
    schema_fingerprint: fingerprintSchema(schema),
    tables,
    excluded: plan.excluded.map(({ name, reason }) => ({ name, reason })),
  };
}

async function readIdentity(session: SnapshotSession) {
  const [row] = await session.query<{ id: string; xid: string; lsn: string; at: Date; migration: string | null }>({
    ...CATALOGUE,
    text: `
      SELECT pg_export_snapshot() AS id, pg_current_snapshot()::text AS xid, pg_current_wal_lsn()::text AS lsn,
        now() AS at, (SELECT max(name) FROM schema_migrations) AS migration`,
  });
  if (row?.migration == null) throw new UnavailableError('The database has no migrations.');
  const { id, xid, lsn, at, migration } = row;
  return { snapshot_id: id, xid, lsn, taken_at: at.toISOString(), migration };
}

function describeColumns(table: ExportTable, live: readonly LiveColumn[]): { name: string; type: string }[] {
  const types = new Map(live.filter((column) => column.table_name === table.name).map((c) => [c.column_name, c.type]));
  return table.columns.map((name) => ({ name, type: types.get(name) ?? 'unknown' }));
}

async function countRows(session: SnapshotSession, table: ExportTable, tenantId: string): Promise<number> {
  const [row] = await session.query<{ count: number }>({
    table: table.name,
    text: `
      SELECT count(*) AS count FROM ${pg.escapeIdentifier(table.name)}
      WHERE ${tenantPredicate(table.tenantPath, '$1')}`,
    values: [tenantId],
  });
  return row?.count ?? 0;
}
