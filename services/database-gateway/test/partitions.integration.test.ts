import { PassThrough } from 'node:stream';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Query } from '../src/database/database.ts';
import { toQueryName } from '../src/database/query-name.ts';
import { createSchemaMaintenance } from '../src/database/schema-maintenance.ts';
import { createGenerationStore, type GenerationStore } from '../src/generations/generation-store.ts';
import { runSql } from './support/bootstrapped-database.ts';
import { addGeneration, newGeneration, newSettlement } from './support/fixtures.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let tenant: { tenantId: string; keyId: string };
let generations: GenerationStore;

beforeEach(async () => {
  db = await createMigratedDatabase();
  tenant = await createTestTenant(db.database);
  generations = createGenerationStore(db.database, { storeContent: true });
});
afterEach(() => db.drop());

const monthName = (ahead: number) => {
  const now = new Date();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1));
  return month.toISOString().slice(0, 7).replace('-', '_');
};
const partitions = async () => {
  const rows = await db.sql<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r'
     ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};
const dropMonth = async (month: string) => {
  for (const table of ['generation_contents', 'generations']) {
    await db.sql(`ALTER TABLE ${table} DETACH PARTITION ${table}_${month}`);
    await db.sql(`DROP TABLE ${table}_${month}`);
  }
};
const prepare = () => db.database.query({ functionOf: 'generations', text: 'SELECT prepare_partitions() AS created' });
const insertOld = (id: string) =>
  db.sql(
    `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
     VALUES ($1, $2, $3, 'p', 'm', false, 1, uuid_v7_time($1))`,
    [id, tenant.tenantId, tenant.keyId],
  );

function createUpkeep() {
  const stream = new PassThrough();
  const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  const logger = createLogger({ service: 'test', level: 'info', format: 'json', stream });
  const maintenance = createSchemaMaintenance({ database: db.database, logger, metrics });
  const series = async () =>
    (await metrics.exposition()).body.split('\n').filter((line) => /^aion_(schema|default)/.test(line));
  return { maintenance, series, logs: () => String(stream.read() ?? '') };
}

describe('partitions of generations', () => {
  it('exist from the previous month to two months ahead, and are created once by concurrent callers', async () => {
    const expected = ['generation_contents', 'generations'].flatMap((table) =>
      [...[-1, 0, 1, 2].map(monthName), 'default'].map((suffix) => `${table}_${suffix}`),
    );
    expect((await partitions()).toSorted()).toEqual(expected.toSorted());
    await dropMonth(monthName(2));
    await dropMonth(monthName(1));
    const results = await Promise.all([prepare(), prepare(), prepare()]);
    expect(results.map(([row]) => Number(row?.['created'])).toSorted()).toEqual([0, 0, 4]);
    expect((await partitions()).toSorted()).toEqual(expected.toSorted());
  });

  it('are created as the owner, by the only function that the application may call', async () => {
    for (const call of [
      `SELECT create_month_partition('generations', '2031-01-01')`,
      `SELECT create_partition('tenants', 'x', 'DEFAULT')`,
      'ALTER TABLE generations DETACH PARTITION generations_default',
    ]) {
      await expect(runSql(db.appUrl, call)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('are created while a transaction reads a month, and pending generations can be settled afterwards', async () => {
    const id = await addGeneration(db.database, tenant);
    const pending = uuidv7();
    await generations.open(pending, newGeneration(tenant));
    await dropMonth(monthName(2));
    const reader = new pg.Client({ connectionString: db.appUrl });
    await reader.connect();
    await reader.query(`BEGIN; SELECT set_config('app.tenant_id', '${tenant.tenantId}', true)`);
    const read = () => reader.query('SELECT 1 FROM generations WHERE id = $1 AND created_at = uuid_v7_time($1)', [id]);
    expect((await read()).rowCount).toBe(1);
    expect(await prepare()).toEqual([{ created: 2 }]);
    await generations.settle(pending, newSettlement(tenant.tenantId));
    expect((await read()).rowCount).toBe(1);
    await reader.end();
  });

  it('are created without a deadlock while a transaction writes a generation', async () => {
    const id = await addGeneration(db.database, tenant);
    await dropMonth(monthName(2));
    const writer = new pg.Client({ connectionString: db.superuserUrl });
    await writer.connect();
    const write = (statement: string) => writer.query(`${statement} AND created_at = uuid_v7_time($1)`, [id]);
    await writer.query('BEGIN');
    await write('UPDATE generations SET duration_ms = 1 WHERE id = $1');
    const prepared = prepare();
    const waiting = () =>
      db.sql(
        'SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT granted AND datname = current_database()',
      );
    await waitFor(async () => (await waiting()).length > 0, { describe: 'a blocked creation of partitions' });
    await write(`UPDATE generation_contents SET response = '1' WHERE generation_id = $1`);
    await writer.query('COMMIT');
    await writer.end();
    expect(await prepared).toEqual([{ created: 2 }]);
  });

  it('are created for the other months when the default partition contains rows of one month', async () => {
    const now = new Date();
    const next = uuidv7({ msecs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 15) });
    for (const ahead of [1, 2]) await dropMonth(monthName(ahead));
    await insertOld(next);
    expect(await prepare()).toEqual([{ created: 3 }]);
    const created = [
      `generation_contents_${monthName(1)}`,
      `generation_contents_${monthName(2)}`,
      `generations_${monthName(2)}`,
    ];
    expect(await partitions()).toEqual(expect.arrayContaining(created));
    expect(await partitions()).not.toContain(`generations_${monthName(1)}`);
    await db.sql('DELETE FROM generations WHERE id = $1', [next]);
    expect(await prepare()).toEqual([{ created: 1 }]);
  });

  it('can be detached and dropped, those of content first', async () => {
    const old = uuidv7({ msecs: Date.parse('2024-02-29T12:00:00Z') });
    await db.sql(
      `SELECT create_month_partition(t, '2024-02-01') FROM unnest(ARRAY['generations', 'generation_contents']) t`,
    );
    await insertOld(old);
    await db.sql(
      `INSERT INTO generation_contents (generation_id, tenant_id, request, created_at)
       VALUES ($1, $2, '1', uuid_v7_time($1))`,
      [old, tenant.tenantId],
    );
    const remaining = await addGeneration(db.database, tenant);
    // Remaining content must not lose its generation.
    await expect(db.sql('ALTER TABLE generations DETACH PARTITION generations_2024_02')).rejects.toMatchObject({
      code: '23503',
    });
    await dropMonth('2024_02');
    expect(await db.sql('SELECT id FROM generations')).toEqual([{ id: remaining }]);
    expect(await db.sql('SELECT generation_id FROM generation_contents')).toEqual([{ generation_id: remaining }]);
  });
});

describe('a generation', () => {
  it('is accessed in one partition by every query of its store', async () => {
    const queries: Query[] = [];
    const recording: Database = {
      ...db.database,
      withTenant: (tenantId, run) =>
        db.database.withTenant(tenantId, (transaction) =>
          run({
            tenantId,
            query: (query) => {
              queries.push(query);
              return transaction.query(query);
            },
          }),
        ),
    };
    const store = createGenerationStore(recording, { storeContent: true });
    const id = uuidv7();
    for (let i = 0; i < 2; i++) await store.open(id, newGeneration(tenant));
    await store.settle(id, newSettlement(tenant.tenantId));
    const named = queries.map((query) => ({ ...query, name: toQueryName(query) }));
    const reading = named.filter(({ name }) => name.operation !== 'INSERT');
    expect(reading.map(({ name }) => `${name.operation} ${name.table}`)).toEqual([
      'SELECT generations',
      'UPDATE generations',
    ]);
    for (const { text, values = [] } of reading) {
      const rows = await db.sql<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values]);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      const accessed = new Set(plan.match(/(?<=generation(s|_contents)_)(\d{4}_\d{2}|default)/g));
      expect([...accessed]).toEqual([monthName(0)]);
    }
  });

  it('is settled once when it was opened in the last or first millisecond of a month', async () => {
    for (const [month, instant] of [
      ['2025_12', '2025-12-31T23:59:59.999Z'],
      ['2026_01', '2026-01-01T00:00:00.000Z'],
    ] as const) {
      await db.sql(`SELECT create_month_partition('generations', $1::date)`, [`${month.replace('_', '-')}-01`]);
      const id = uuidv7({ msecs: Date.parse(instant) });
      await insertOld(id);
      await Promise.all(
        [1, 2, 3].map((tokens) =>
          generations.settle(id, { ...newSettlement(tenant.tenantId), completion_tokens: tokens }),
        ),
      );
      const rows = await db.sql(
        `SELECT tableoid::regclass::text AS partition, status,
           to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS instant
         FROM generations WHERE id = $1`,
        [id],
      );
      expect(rows).toEqual([{ partition: `generations_${month}`, status: 'succeeded', instant }]);
    }
  });

  it('is rejected when its id was generated more than a day ago or ahead, or is no UUID v7', async () => {
    for (const id of [
      uuidv7({ msecs: Date.now() - 25 * 3_600_000 }),
      uuidv7({ msecs: Date.now() + 25 * 3_600_000 }),
      '2f9c1b1e-0c4d-4c1a-9d8e-3b1f0f7f2a11',
    ]) {
      await expect(generations.open(id, newGeneration(tenant))).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        param: 'generation_id',
      });
    }
    await generations.open(uuidv7({ msecs: Date.now() - 23 * 3_600_000 }), newGeneration(tenant));
  });

  it('cannot be stored with a time other than that of its id', async () => {
    await expect(
      db.sql(
        `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
         VALUES ($1, $2, $3, 'p', 'm', false, 1, now() - interval '1 s')`,
        [uuidv7(), tenant.tenantId, tenant.keyId],
      ),
    ).rejects.toMatchObject({ code: '23514', constraint: 'generations_time_is_of_id' });
  });
});

describe('schema maintenance', () => {
  it('reports no drift and no rows in default partitions after migrations', async () => {
    const { maintenance, series, logs } = createUpkeep();
    await maintenance.run();
    expect((await series()).toSorted()).toEqual([
      'aion_default_partition_rows{table="generation_contents"} 0',
      'aion_default_partition_rows{table="generations"} 0',
      'aion_schema_drift 0',
    ]);
    expect([maintenance.readiness(), logs()]).toEqual([undefined, '']);
  });

  it('reports rows in a default partition', async () => {
    await insertOld(uuidv7({ msecs: Date.parse('2031-05-05T00:00:00Z') }));
    const { maintenance, series, logs } = createUpkeep();
    await maintenance.run();
    expect(await series()).toContain('aion_default_partition_rows{table="generations"} 1');
    expect(logs()).toContain('Default partition contains rows');
  });

  it('logs drift once, reports it in readiness until it is fixed, and logs the fix', async () => {
    const { maintenance, series, logs } = createUpkeep();
    await db.sql('CREATE VIEW peek AS SELECT 1 AS n');
    await maintenance.run();
    await maintenance.run();
    expect(maintenance.readiness()).toEqual({ detail: 'Exports are rejected. The view peek is not declared.' });
    expect(await series()).toContain('aion_schema_drift 1');
    expect(logs().match(/Schema differs from the declared one/g)).toHaveLength(1);
    await db.sql('DROP VIEW peek');
    await maintenance.run();
    expect(await series()).toContain('aion_schema_drift 0');
    expect([maintenance.readiness(), logs()]).toEqual([undefined, expect.stringContaining('declared one again')]);
  });

  it('reports definitions that differ from those of the migrations under the same names', async () => {
    const { maintenance, series } = createUpkeep();
    await db.sql('ALTER POLICY budgets_isolation ON budgets USING (true); GRANT DELETE ON audit_events TO aion_app');
    await maintenance.run();
    expect(await series()).toContain('aion_schema_drift 1');
    expect(maintenance.readiness()).toEqual({
      detail:
        'Exports are rejected. The policies differ from those of the migrations. ' +
        'The grants differ from those of the migrations.',
    });
  });

  it('continues when an export blocks the creation of partitions, and creates them later', async () => {
    await dropMonth(monthName(2));
    const reader = new pg.Client({ connectionString: db.superuserUrl });
    await reader.connect();
    await reader.query('BEGIN; SELECT count(*) FROM generations');
    const { maintenance, series, logs } = createUpkeep();
    await maintenance.run();
    // While it waits for the export it blocks other sessions, so it gives up early.
    expect(logs()).toMatch(/Partitions could not be created.*55P03/);
    expect(await series()).toContain('aion_schema_drift 0');
    await reader.end();
    await maintenance.run();
    expect(logs()).toContain('"partitions":2');
    expect(await partitions()).toContain(`generations_${monthName(2)}`);
  });
});
