import { isDeepStrictEqual } from 'node:util';
import { ERASED_CONTENT } from '@aion/audit-chain';
import { RETENTION_CLASSES } from '@aion/contracts';
import { createQueueBackend } from '@aion/queue';
import { createTestDatabase } from '@aion/testkit';
import pg from 'pg';
import { DATA_MAP } from '../src/data-map/data-map.ts';
import { planErasure } from '../src/data-map/erasure-plan.ts';
import { readLiveSchema, type LiveSchema } from '../src/data-map/live-schema.ts';
import { EXPECTED_SCHEMA } from '../src/data-map/expected-schema.ts';
import { QUEUE_TABLES } from '../src/data-map/queue-tables.ts';
import { findSchemaDrift } from '../src/data-map/schema-drift.ts';
import { digestSchema, fingerprintSchema } from '../src/data-map/schema-digests.ts';
import type { TableEntry } from '../src/data-map/table-entry.ts';
import { tenantPredicate } from '../src/database/tenant-predicate.ts';
import { fillTables } from './support/fill-tenant.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());

const entries: [string, TableEntry][] = Object.entries(DATA_MAP);
/** Foreign keys with a nullable tenant, and the constraint that rejects a row without one. */
const NULL_IS_REFUSED = { approvals_are_of_the_request: 'approvals_of_erasures_are_of_a_tenant' };

/** Runs statements, reads the resulting schema, and rolls back. */
async function schemaAfter(statements: string): Promise<LiveSchema> {
  await db.sql('BEGIN');
  try {
    await db.sql(statements);
    return await readLiveSchema((text) => db.sql(text));
  } finally {
    await db.sql('ROLLBACK');
  }
}

const driftAfter = async (statements: string) => findSchemaDrift(await schemaAfter(statements));
const fingerprintAfter = async (statements: string) => fingerprintSchema(await schemaAfter(statements));

describe('expected schema', () => {
  it('equals the result of the migrations', async () => {
    const made = digestSchema(await schemaAfter(''));
    const message = `The migrations make another schema. Write it into EXPECTED_SCHEMA of src/data-map/expected-schema.ts:`;
    if (!isDeepStrictEqual(made, EXPECTED_SCHEMA)) throw new Error(`${message}\n${JSON.stringify(made, null, 2)}`);
  });
});

describe('data map', () => {
  it('declares every table and column of a migrated database, and no others', async () => {
    expect(await driftAfter('')).toEqual([]);
  });

  it('contains the primary key of every table, in its order', async () => {
    const rows = await db.sql<{ name: string; key: string[] }>(`
      SELECT c.relname AS name, array_agg(a.attname::text ORDER BY array_position(i.indkey::smallint[], a.attnum)) AS key
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
        AND a.attnum = ANY (i.indkey) GROUP BY 1`);
    const declared = entries.map(([name, entry]) => ({ name, key: [...entry.primaryKey] }));
    expect(rows.toSorted(byName)).toEqual(declared.toSorted(byName));
  });

  it('contains the tables that foreign keys refer to', async () => {
    const rows = await db.sql<{ name: string; targets: string[] }>(`
      SELECT k.conrelid::regclass::text AS name, array_agg(DISTINCT k.confrelid::regclass::text) AS targets
      FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid <> k.confrelid GROUP BY 1`);
    const declared = entries
      .filter(([, { references }]) => references.length > 0)
      .map(([name, { references }]) => ({ name, targets: references.toSorted() }));
    expect(rows.map((row) => ({ ...row, targets: row.targets.toSorted() })).toSorted(byName)).toEqual(
      declared.toSorted(byName),
    );
  });

  it('lists a table after those that it refers to, in the order of an export and of an import', () => {
    const names = Object.keys(DATA_MAP);
    for (const [name, { references }] of entries) {
      for (const reference of references) expect(names.indexOf(reference)).toBeLessThan(names.indexOf(name));
    }
  });

  it('has a path from every row to its tenant: NOT NULL for tables of tenants, nullable for shared ones', async () => {
    for (const [name, { owner, tenantPath, columns }] of entries) {
      if (owner === 'platform') {
        expect([name, tenantPath, 'tenant_id' in columns]).toEqual([name, null, false]);
        continue;
      }
      const column = tenantPath === null || 'through' in tenantPath ? 'id' : tenantPath.column;
      const [row] = await db.sql(
        `SELECT a.attnotnull AS required, a.atttypid::regtype::text AS type FROM pg_attribute a
         WHERE a.attrelid = $1::regclass AND a.attname = $2`,
        [name, column],
      );
      expect([name, column, row]).toEqual([name, column, { required: owner === 'tenant', type: 'uuid' }]);
      if ('tenant_id' in columns) expect([name, tenantPath]).toEqual([name, { column: 'tenant_id' }]);
    }
  });

  it('has composite foreign keys, so that no row can refer to one of another tenant', async () => {
    const rows = await db.sql<{ source: string; target: string; name: string; columns: string[]; required: boolean }>(`
      SELECT k.conrelid::regclass::text AS source, k.confrelid::regclass::text AS target, k.conname AS name,
        array_agg(a.attname::text || '=' || b.attname) AS columns,
        bool_and(a.attnotnull) FILTER (WHERE a.attname LIKE 'tenant%') AS required
      FROM pg_constraint k, unnest(k.conkey, k.confkey) u (here, there), pg_attribute a, pg_attribute b
      WHERE k.contype = 'f' AND k.conparentid = 0
        AND a.attrelid = k.conrelid AND a.attnum = u.here AND b.attrelid = k.confrelid AND b.attnum = u.there
      GROUP BY k.oid`);
    const isOfTenant = (name: string) => entries.some(([table, { owner }]) => table === name && owner !== 'platform');
    const keys = rows.filter(({ source, target }) => isOfTenant(source) && isOfTenant(target));
    expect(keys.length).toBeGreaterThan(30);
    for (const { source, target, name, columns, required } of keys) {
      if (target === 'tenants') {
        expect([name, columns]).toEqual([name, ['tenant_id=id']]);
        continue;
      }
      // A person may be in several tenants; a membership connects them to one.
      if (name === 'memberships_user_id_fkey') continue;
      const joins = ['tenant_id=tenant_id', 'tenant_key=tenant_key'];
      expect([source, name, columns.some((pair) => joins.includes(pair))]).toEqual([source, name, true]);
      // PostgreSQL does not check a foreign key with a null column.
      expect([name, required || name in NULL_IS_REFUSED]).toEqual([name, true]);
    }
  });

  it('contains the retention classes that the schema offers to tenants', async () => {
    for (const table of ['retention_policies', 'retention_runs']) {
      const [row] = await db.sql<{ definition: string }>(
        `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
         WHERE conname = '${table}_retention_class_check'`,
      );
      const classes = [...(row?.definition ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1]);
      expect(classes).toEqual([...RETENTION_CLASSES]);
    }
  });

  it('declares the tables that BullMQ creates in the database of the queue', async () => {
    const queueDatabase = await createTestDatabase();
    const backend = await createQueueBackend({ postgresUrl: queueDatabase.url, logger: silentLogger });
    await backend.close();
    const client = new pg.Client({ connectionString: queueDatabase.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`,
    );
    await client.end();
    await queueDatabase.drop();
    expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(QUEUE_TABLES).toSorted());
  });
});

describe('erasure plan', () => {
  it('deletes from no table before those whose foreign keys refer to it', async () => {
    const order = planErasure(DATA_MAP).steps.map((step) => step.table);
    const rows = await db.sql<{ source: string; target: string }>(
      `SELECT DISTINCT conrelid::regclass::text AS source, confrelid::regclass::text AS target FROM pg_constraint
       WHERE contype = 'f' AND conparentid = 0`,
    );
    const known = rows.filter(({ source, target }) => order.includes(source) && order.includes(target));
    expect(known.length).toBeGreaterThan(20);
    for (const { source, target } of known) expect(order.indexOf(source)).toBeLessThan(order.indexOf(target));
  });

  it('removes the columns of audit events that their verifier expects to be removed', () => {
    const step = planErasure(DATA_MAP).steps.find(({ table }) => table === 'audit_events');
    expect(step?.anonymized.toSorted()).toEqual([...Object.keys(ERASED_CONTENT), 'salt'].toSorted());
  });

  it('can be executed: only people with a membership in another tenant remain', async () => {
    const [tenant, other] = [await createTestTenant(db.database), await createTestTenant(db.database)];
    for (const party of [tenant, other]) await fillTables(db, party);
    const peopleOf = async ({ tenantId }: { tenantId: string }) =>
      (
        await db.sql<{ id: string }>(`SELECT id FROM users WHERE ${tenantPredicate(DATA_MAP.users.tenantPath, '$1')}`, [
          tenantId,
        ])
      ).map(({ id }) => id);
    const [own] = await peopleOf(tenant);
    const [shared] = await peopleOf(other);
    await db.sql(
      `INSERT INTO memberships (id, tenant_id, user_id, role) VALUES (gen_random_uuid(), $1, $2, 'member')`,
      [tenant.tenantId, shared],
    );
    for (const { table, strategy, tenantPath } of planErasure(DATA_MAP).steps) {
      if (strategy !== 'delete') continue;
      await db.sql(`DELETE FROM ${table} WHERE ${tenantPredicate(tenantPath, '$1')}`, [tenant.tenantId]);
    }
    expect(await db.sql('SELECT id FROM users WHERE id = ANY ($1)', [[own, shared]])).toEqual([{ id: shared }]);
    expect(await peopleOf(other)).toEqual([shared]);
  });

  it('anonymizes only columns that are nullable, of type text, or have a replacement', async () => {
    for (const { table, anonymized } of planErasure(DATA_MAP).steps.filter((step) => step.strategy === 'anonymize')) {
      expect(anonymized.length).toBeGreaterThan(0);
      for (const column of anonymized) {
        const [row] = await db.sql<{ possible: boolean }>(
          `SELECT NOT attnotnull OR atttypid = 'text'::regtype AS possible FROM pg_attribute
           WHERE attrelid = $1::regclass AND attname = $2`,
          [table, column],
        );
        const hasValue = table === 'audit_events' && column in ERASED_CONTENT;
        expect([table, column, hasValue || row?.possible]).toEqual([table, column, true]);
      }
    }
  });
});

describe('schema drift', () => {
  it('includes undeclared tables and columns in any schema, which change the fingerprint', async () => {
    const before = await fingerprintAfter('');
    expect(await fingerprintAfter('')).toBe(before);
    const undeclared =
      'CREATE SCHEMA side; CREATE TABLE side.notes (id int); ALTER TABLE tenants ADD COLUMN nickname text';
    expect(await driftAfter(undeclared)).toEqual([
      'Table "side.notes" is not in the data map.',
      'Column "tenants.nickname" is not in the data map.',
    ]);
    expect(await fingerprintAfter(undeclared)).not.toBe(before);
  });

  it('includes declared tables, columns and functions that are missing', async () => {
    expect(
      await driftAfter(`DROP TABLE outbox CASCADE; ALTER TABLE export_jobs DROP COLUMN recipient;
        DROP FUNCTION settle_outbox`),
    ).toEqual([
      'Column "export_jobs.recipient" of the data map does not exist.',
      'Table "outbox" of the data map does not exist.',
      'The declared definer settle_outbox does not exist.',
    ]);
  });

  it.each([
    ['CREATE VIEW peek AS SELECT * FROM generations', 'The view peek is not declared.'],
    [
      'CREATE MATERIALIZED VIEW copy AS SELECT 1 AS n',
      'Table "copy" is not in the data map. The materialised view copy is not declared.',
    ],
    ['CREATE SEQUENCE side_seq', 'The sequence side_seq is not declared.'],
    ['SELECT lo_create(4711)', 'The large object 4711 is not declared.'],
    [
      'CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$SELECT 1::bigint$$',
      'The definer leak is not declared.',
    ],
    [
      `CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
       CREATE FOREIGN TABLE away (id int) SERVER s`,
      'Table "away" is not in the data map. The foreign table away is not declared.',
    ],
    [
      'ALTER TABLE budgets NO FORCE ROW LEVEL SECURITY',
      'Row-level security does not isolate the tenants in "budgets".',
    ],
    ['DROP POLICY users_isolation ON users', 'Row-level security does not isolate the tenants in "users".'],
    [
      'ALTER TABLE generations_default DISABLE ROW LEVEL SECURITY',
      'Row-level security does not isolate the tenants in "generations_default".',
    ],
  ])('includes objects that could bypass the data map: %s', async (statements, sentence) => {
    expect((await driftAfter(statements)).join(' ')).toBe(sentence);
  });

  it.each([
    ['columns', `ALTER TABLE files ALTER COLUMN created_at TYPE timestamp`],
    ['columns', `ALTER TABLE approvals ALTER COLUMN tenant_key DROP EXPRESSION`],
    ['constraints', `ALTER TABLE legal_holds DROP CONSTRAINT legal_holds_released_by_two`],
    ['constraints', `ALTER TABLE generations DROP CONSTRAINT generations_time_is_of_id`],
    ['tables', `ALTER TABLE budgets OWNER TO CURRENT_USER`],
    ['policies', `ALTER POLICY budgets_isolation ON budgets USING (true)`],
    ['policies', `ALTER POLICY partition_isolation ON generations_default USING (true)`],
    ['policies', `CREATE POLICY more ON budgets FOR SELECT TO PUBLIC USING (true)`],
    [
      'functions',
      `CREATE OR REPLACE FUNCTION outbox_oldest_age() RETURNS double precision LANGUAGE sql STABLE SECURITY DEFINER
       SET search_path = pg_catalog, pg_temp AS $$SELECT 0::double precision$$`,
    ],
    ['functions', `ALTER FUNCTION find_key_holder(text) RESET search_path`],
    ['functions', `ALTER FUNCTION list_tenants(integer, uuid) OWNER TO CURRENT_USER`],
    ['triggers', `ALTER TABLE audit_events DISABLE TRIGGER audit_events_chained`],
    ['triggers', `DROP TRIGGER generations_usage_of_settled ON generations`],
    ['grants', `GRANT DELETE ON audit_events TO aion_app`],
    ['grants', `GRANT UPDATE (recipient) ON export_jobs TO aion_app`],
    ['grants', `GRANT SELECT ON generations_default TO aion_app`],
    ['grants', `GRANT EXECUTE ON FUNCTION create_partition(name, text, text) TO PUBLIC`],
    ['grants', `REVOKE SELECT ON budgets FROM aion_app`],
  ])('includes a change of %s that no migration makes: %s', async (part, statement) => {
    expect(await driftAfter(statement)).toEqual([`The ${part} differ from those of the migrations.`]);
  });

  it('excludes further partitions, objects of extensions, and formats of constants in a session', async () => {
    const harmless = [
      'CREATE EXTENSION pg_stat_statements',
      `SET LOCAL ROLE aion_owner;
       SELECT create_month_partition(t, '2031-01-01') FROM unnest(ARRAY['generations', 'generation_contents']) t;
       RESET ROLE`,
      `SET LOCAL IntervalStyle = 'sql_standard'; SET LOCAL DateStyle = 'German'; SET LOCAL search_path = pg_catalog`,
    ];
    const before = await fingerprintAfter('');
    for (const statements of harmless) {
      expect(await driftAfter(statements)).toEqual([]);
      expect(await fingerprintAfter(statements)).toBe(before);
    }
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
