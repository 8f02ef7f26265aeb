import { describeWithProgram } from '@aion/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { findSchemaDrift } from '../src/data-map/schema-drift.ts';
import { fingerprintSchema } from '../src/data-map/schema-fingerprint.ts';
import { readLiveSchema, type LiveSchema } from '../src/data-map/live-schema.ts';
import { createDatabase } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createGenerationStore } from '../src/generations/generation-store.ts';
import { findKeyHolder } from '../src/keys/find-holders.ts';
import { MIGRATIONS } from '../src/migrations/index.ts';
import { createSnapshotStore } from '../src/snapshots/snapshot-store.ts';
import { createBootstrappedDatabase, runSql, type BootstrappedDatabase } from './support/bootstrapped-database.ts';
import { fillTables } from './support/fill-tenant.ts';
import { newGeneration, newSettlement } from './support/fixtures.ts';
import { copyByDump, majorOfDump } from './support/copy-by-dump.ts';
import { OLDER_POSTGRES, startOlderPostgres, type OlderPostgres } from './support/older-postgres.ts';
import { parseRows, readHead, readRows } from './support/streams.ts';
import { createTestPool, noMetrics, silentLogger } from './support/test-database.ts';

/** The schema before the whole data model: what every installation of then has. */
const PREVIOUS = MIGRATIONS.slice(0, 5);
const LATER = MIGRATIONS.slice(5).map((migration) => migration.name);

/** The schema with the whole data model, before keys of persons, sums of usage and what came after them. */
const LANDED = MIGRATIONS.slice(
  0,
  MIGRATIONS.findIndex(({ name }) => name > '20261123225800_~'),
);
const NOT_YET_LANDED = ['stray_objects'];
/** Columns of idempotency keys that were replaced before anything was written into them. */
const DROPPED = ['status', 'body', 'key_id', 'answered_at'];
/** Partitions of months without rows, and what proves erasures, of which there were none. */
const MAY_BE_EMPTY = /^generation|^erasure_ledger$|^certificate/;
const columnsWithout = (columns: Map<string, string[]>, table: string, without: readonly string[]) =>
  (columns.get(table) ?? []).filter((name) => !without.includes(name));

const at = (instant: string) => uuidv7({ msecs: Date.parse(instant) });
/** At both ends of months, of a leap February, and now. */
const GENERATIONS = [
  at('2024-02-29T23:59:59.999Z'),
  at('2024-03-01T00:00:00.000Z'),
  at('2025-12-31T23:59:59.999Z'),
  at('2026-01-01T00:00:00.000Z'),
  uuidv7(),
];
const PENDING = GENERATIONS[3]!;
const dayOf = (id: string) =>
  new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString().slice(0, 10);
const fingerprints = new Set<string>();
const [TENANT, KEY, EXPORT] = [uuidv7(), uuidv7(), uuidv7()];

async function fillPrevious(url: string): Promise<void> {
  const sql = (text: string, values: unknown[]) => runSql(url, text, values);
  await sql('INSERT INTO tenants (id, name) VALUES ($1, $2)', [TENANT, 'Tenant']);
  await sql(
    `INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, scopes) VALUES ($1, $2, 'K', 'abcdefabcdef', $3, $4)`,
    [KEY, TENANT, 'ab'.repeat(32), ['inference']],
  );
  for (const id of GENERATIONS) {
    // Every column has a value, so that none can be forgotten unseen.
    const settlement =
      id === PENDING ? null : { status: 'failed', error_type: 'internal_error', usage_source: 'provider' };
    const numbers = settlement === null ? null : 3;
    await sql(
      `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, trace_id,
         correlation_id, status, error_type, usage_source, prompt_tokens, completion_tokens, cost_micro_usd, duration_ms,
         time_to_first_token_ms, settled_at)
       VALUES ($1, $2, $3, 'p', 'm', true, 1, $4, 'c', $5, $6, $7, $8, $8, $8, $8, $8, $9)`,
      [
        ...[id, TENANT, KEY, 'ab'.repeat(16), settlement?.status ?? 'pending', settlement?.error_type ?? null],
        ...[settlement?.usage_source ?? null, numbers, settlement === null ? null : new Date()],
      ],
    );
    await sql('INSERT INTO generation_contents (generation_id, tenant_id, request, response) VALUES ($1, $2, $3, $4)', [
      ...[
        id,
        TENANT,
        `{"n": 12345678901234567890.10, "id":"${id}"}`,
        settlement === null ? null : '{ "text" : "\\u0000" }',
      ],
    ]);
  }
  await sql(
    `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome)
     VALUES ($1, $2, 'operator', 'tenant.created', 'tenant', $2, 'success')`,
    [uuidv7(), TENANT],
  );
  await sql(`INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, 'age1x')`, [
    ...[EXPORT, TENANT, KEY],
  ]);
  await sql(
    `INSERT INTO export_files (export_id, position, tenant_id, epoch, path, key, bytes, sha256)
     VALUES ($1, 0, $2, 1, 'bagit.txt', 'exports/x', 1, $3)`,
    [EXPORT, TENANT, 'ab'.repeat(32)],
  );
  await sql(
    `INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier) VALUES ($1, $2, $3, 'x', '{}', '{}')`,
    [uuidv7(), TENANT, EXPORT],
  );
}

/** Every row of the previous schema as JSON, without the one column that the migration may move by milliseconds. */
async function contentsOf(url: string, columns: Map<string, string[]>): Promise<Record<string, unknown[]>> {
  const contents: Record<string, unknown[]> = {};
  for (const [table, names] of columns) {
    const list = names.filter((name) => !(table.startsWith('generation') && name === 'created_at')).join(', ');
    const rows = await runSql<{ row: string }>(
      url,
      `SELECT row_to_json(t)::text AS row FROM (SELECT ${list} FROM ${table}) t ORDER BY 1`,
    );
    contents[table] = rows.map(({ row }) => row);
  }
  return contents;
}

async function columnsOf(url: string): Promise<Map<string, string[]>> {
  const rows = await runSql<{ name: string; columns: string[] }>(
    url,
    `SELECT table_name::text AS name, array_agg(column_name::text ORDER BY ordinal_position) AS columns
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'schema_migrations%'
     GROUP BY 1`,
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

describe('on the PostgreSQL of this run', () => describeUpgrade('postgres-18'));
for (const version of OLDER_POSTGRES) {
  describeWithProgram(version, `on ${version}`, (program) => describeUpgrade(version, program));
}

async function readSchema(url: string): Promise<LiveSchema> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  const live = await readLiveSchema(async (text) => (await client.query<Record<string, unknown>>(text)).rows);
  await client.end();
  return live;
}

/** On the server of this run, or on one of its own. */
function describeUpgrade(which: string, program?: string): void {
  let server: OlderPostgres | undefined;
  let givenUrl: string | undefined;
  let db: BootstrappedDatabase;
  beforeAll(async () => {
    if (program === undefined) return;
    server = await startOlderPostgres(program);
    givenUrl = process.env['AION_TEST_POSTGRES_URL'];
    process.env['AION_TEST_POSTGRES_URL'] = server.url;
  }, 60_000);
  afterAll(async () => {
    if (givenUrl !== undefined) process.env['AION_TEST_POSTGRES_URL'] = givenUrl;
    await server?.stop();
  });
  beforeEach(async () => {
    db = await createBootstrappedDatabase();
  });
  afterEach(() => db.drop());

  const toMigrate = () => ({ url: db.migrationUrl, logger: silentLogger });

  it('an empty database gets the declared schema', async () => {
    await migrate(toMigrate());
    const live = await readSchema(db.databaseUrl);
    expect(findSchemaDrift(live)).toEqual([]);
    // A bundle names the fingerprint: it must not tell the version of the server.
    fingerprints.add(fingerprintSchema(live));
    expect(fingerprints.size).toBe(1);
  });

  describeWithProgram('pg_dump', 'with a dump', (pgDump) => {
    // One of another version cannot write what this server reads.
    if (which !== `postgres-${majorOfDump(pgDump)}`) return;
    it('a database that was restored has the declared schema', async () => {
      await migrate(toMigrate());
      const restored = await createBootstrappedDatabase();
      copyByDump(pgDump, db.superuserUrl, restored.superuserUrl);
      expect(findSchemaDrift(await readSchema(restored.databaseUrl))).toEqual([]);
      await restored.drop();
    });
  });

  it('a filled database of the previous schema keeps every row, and goes on with it', async () => {
    await migrate({ ...toMigrate(), migrations: PREVIOUS });
    await fillPrevious(db.superuserUrl);
    const columns = await columnsOf(db.superuserUrl);
    expect(columns.size).toBe(8);
    const before = await contentsOf(db.superuserUrl, columns);
    expect(await migrate(toMigrate())).toEqual(LATER);
    expect(await contentsOf(db.superuserUrl, columns)).toEqual(before);

    const placed = await runSql<{ id: string; partition: string; content: string }>(
      db.superuserUrl,
      `SELECT g.id, g.tableoid::regclass::text AS partition, c.tableoid::regclass::text AS content
       FROM generations g JOIN generation_contents c ON c.generation_id = g.id ORDER BY g.id`,
    );
    const now = new Date().toISOString().slice(0, 7).replace('-', '_');
    expect(placed).toEqual(
      ['2024_02', '2024_03', '2025_12', '2026_01', now].map((month, n) => ({
        ...{ id: GENERATIONS[n], partition: `generations_${month}`, content: `generation_contents_${month}` },
      })),
    );

    // What was settled before is in the sums of its day; what is pending is in none.
    const days = GENERATIONS.filter((id) => id !== PENDING).map((id) => dayOf(id));
    const counted = await runSql(
      db.superuserUrl,
      'SELECT day::text, failed::integer, prompt_tokens::integer AS tokens FROM usage_daily ORDER BY day',
    );
    expect(counted).toEqual(days.map((day) => ({ day, failed: 1, tokens: 3 })));

    const pool = createTestPool(db.databaseUrl);
    const exportsPool = createTestPool(db.databaseUrl, 4, 'exports');
    const database = createDatabase({ pool, metrics: noMetrics, logger: silentLogger });
    const generations = createGenerationStore(database, { storeContent: true });
    await generations.settle(PENDING, newSettlement(TENANT));
    const added = uuidv7();
    await generations.open(added, newGeneration({ tenantId: TENANT, keyId: KEY }));
    expect(await findKeyHolder(database, 'abcdefabcdef')).toMatchObject({ id: KEY, scopes: ['inference'] });
    const claim = await createExportClaims(database).claim(EXPORT, { tenant_id: TENANT, lease_ms: 60_000 });
    expect(claim).toMatchObject({ outcome: 'claimed', epoch: 1 });

    const closing = new AbortController();
    const snapshots = createSnapshotStore({
      ...{ pool: exportsPool, database, maxSnapshots: 1, maxSnapshotAgeMs: 60_000 },
      ...{ logger: silentLogger, metrics: noMetrics },
    });
    const { head } = await readHead(await snapshots.open(TENANT, closing.signal));
    for (const table of ['generations', 'generation_contents']) {
      const request = { tenantId: TENANT, snapshotId: head.snapshot_id, table };
      const rows = parseRows(await readRows(await snapshots.readRows(request, closing.signal)));
      const ids = rows.map((row) => row['id'] ?? row['generation_id']);
      expect([table, ids]).toEqual([table, [...GENERATIONS, added]]);
      expect(head.tables.find(({ name }) => name === table)?.rows).toBe(ids.length);
    }
    closing.abort(new Error('the test is over'));
    await exportsPool.close();
    await pool.close();
  });

  it('a filled database of the schema of 20261123225800 keeps every row', async () => {
    await migrate({ ...toMigrate(), migrations: PREVIOUS });
    await fillPrevious(db.superuserUrl);
    await migrate({ ...toMigrate(), migrations: LANDED });
    const sql = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      runSql<R>(db.superuserUrl, text, values);
    await fillTables({ sql }, { tenantId: TENANT, keyId: KEY }, NOT_YET_LANDED);
    await fillTables({ sql }, null, NOT_YET_LANDED);
    await sql(`INSERT INTO platform_operators (id, name, prefix, key_hash) VALUES ($1, 'O', 'abcdefabcdef', $2)`, [
      ...[uuidv7(), 'ab'.repeat(32)],
    ]);
    const columns = await columnsOf(db.superuserUrl);
    columns.set('idempotency_keys', columnsWithout(columns, 'idempotency_keys', DROPPED));
    const before = await contentsOf(db.superuserUrl, columns);
    expect(Object.entries(before).filter(([name, rows]) => rows.length === 0 && !MAY_BE_EMPTY.test(name))).toEqual([]);
    await migrate(toMigrate());
    const after = await contentsOf(db.superuserUrl, columns);
    // What was settled before is counted now.
    const { usage_daily: usage = [] } = before;
    expect(after).toEqual({ ...before, usage_daily: expect.arrayContaining(usage) });
    expect(after['usage_daily']).toHaveLength(usage.length + GENERATIONS.length - 1);
  });

  it('stops at a generation whose id has no time, and says so; the rows stay', async () => {
    await migrate({ ...toMigrate(), migrations: PREVIOUS });
    await fillPrevious(db.superuserUrl);
    await runSql(
      db.superuserUrl,
      `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens)
       VALUES (gen_random_uuid(), $1, $2, 'p', 'm', false, 1)`,
      [TENANT, KEY],
    );
    await expect(migrate(toMigrate())).rejects.toThrow(/_partitioned_generations failed: .*1 rows of generations/s);
    expect(await runSql(db.superuserUrl, 'SELECT 1 FROM generations')).toHaveLength(GENERATIONS.length + 1);
  });

  it('a migration that cannot have its lock gives up with a reason, and the next start goes on', async () => {
    await migrate({ ...toMigrate(), migrations: PREVIOUS });
    const reader = new pg.Client({ connectionString: db.superuserUrl });
    await reader.connect();
    await reader.query('BEGIN; SELECT 1 FROM generations');
    const impatient = { ...toMigrate(), lockTimeoutMs: 50, lockAttempts: 2 };
    const failure = await migrate(impatient).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/a lock was not to be had in 2 attempts of 50 ms.*pg_stat_activity/s);
    const applied = async () => (await runSql(db.superuserUrl, 'SELECT 1 FROM schema_migrations')).length;
    // The one before needs no lock that the reader has.
    expect(await applied()).toBe(PREVIOUS.length + 1);
    // Nobody waits behind a migration that has given up.
    await runSql(db.superuserUrl, 'SELECT 1 FROM generations');
    const patient = migrate({ ...impatient, lockAttempts: 100 });
    await reader.query('COMMIT');
    await reader.end();
    expect(await patient).toEqual(LATER.slice(1));
  });
}
