import { DATA_MAP, type TableEntry } from '../src/data-map/data-map.ts';
import {
  COLUMNS_QUERY,
  compareSchema,
  CONSTRAINTS_QUERY,
  fingerprintSchema,
  type LiveColumn,
  type LiveConstraint,
} from '../src/data-map/live-schema.ts';
import { createMigratedDatabase, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());

const liveColumns = () => db.sql<LiveColumn & Record<string, unknown>>(COLUMNS_QUERY);
const fingerprint = async () =>
  fingerprintSchema({
    columns: await liveColumns(),
    constraints: await db.sql<LiveConstraint & Record<string, unknown>>(CONSTRAINTS_QUERY),
  });

describe('the data map', () => {
  it('declares every table and column of a migrated database, and nothing else', async () => {
    expect(compareSchema(DATA_MAP, await liveColumns())).toEqual([]);
  });

  it('names the primary key of every table, in its order', async () => {
    const rows = await db.sql<{ name: string; key: string[] }>(`
      SELECT c.relname AS name, array_agg(a.attname::text ORDER BY array_position(i.indkey::smallint[], a.attnum)) AS key
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace AND a.attnum = ANY (i.indkey) GROUP BY 1`);
    const declared = Object.entries(DATA_MAP).map(([name, entry]) => ({ name, key: [...entry.primaryKey] }));
    expect(rows.toSorted(byName)).toEqual(declared.toSorted(byName));
  });

  it('has row-level security, forced and restrictive, and tenant_id NOT NULL on every table of tenants', async () => {
    const entries: [string, TableEntry][] = Object.entries(DATA_MAP);
    for (const [name, { tenantColumn }] of entries.filter(([, entry]) => entry.tenantColumn !== null)) {
      const [row] = await db.sql(
        `SELECT c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, a.attnotnull AS required,
           a.atttypid::regtype::text AS type,
           (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive
            AND p.polroles = ARRAY['aion_app'::regrole::oid]) AS restrictive
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2 WHERE c.relname = $1`,
        [name, tenantColumn],
      );
      expect([name, row]).toEqual([
        name,
        { enabled: true, forced: true, required: true, type: 'uuid', restrictive: 1 },
      ]);
    }
  });

  it('declares a tenant column wherever there is a tenant_id', () => {
    for (const [name, entry] of Object.entries(DATA_MAP)) {
      if ('tenant_id' in entry.columns) expect([name, entry.tenantColumn]).toEqual([name, 'tenant_id']);
    }
  });
});

describe('the comparison with the live schema', () => {
  it('finds a table and a column that nobody declared, in any schema, and changes the fingerprint', async () => {
    const before = await fingerprint();
    expect(await fingerprint()).toBe(before);
    await db.sql('CREATE SCHEMA side; CREATE TABLE side.notes (id int); ALTER TABLE tenants ADD COLUMN nickname text');
    expect(compareSchema(DATA_MAP, await liveColumns())).toEqual([
      'Table "side.notes" is not in the data map.',
      'Column "tenants.nickname" is not in the data map.',
    ]);
    expect(await fingerprint()).not.toBe(before);
    await db.sql('DROP SCHEMA side CASCADE; ALTER TABLE tenants DROP COLUMN nickname');
    expect(await fingerprint()).toBe(before);
  });

  it('finds what is declared and gone', async () => {
    const columns = await liveColumns();
    const live = columns.filter((c) => c.table_name !== 'outbox' && c.column_name !== 'recipient');
    expect(compareSchema(DATA_MAP, live)).toEqual([
      'The data map has a column "export_jobs.recipient" that is gone.',
      'The data map has a table "outbox" that the database has not.',
    ]);
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
