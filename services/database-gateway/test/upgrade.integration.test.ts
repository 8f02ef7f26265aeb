import { describeWithProgram } from '@aion/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { findSchemaDrift } from '../src/data-map/schema-drift.ts';
import { fingerprintSchema } from '../src/data-map/schema-digests.ts';
import { readLiveSchema, type LiveSchema } from '../src/data-map/live-schema.ts';
import { createDatabase } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createGenerationStore } from '../src/generations/generation-store.ts';
import { findKeyHolder } from '../src/keys/find-key-holder.ts';
import { MIGRATIONS, type Migration } from '../src/migrations/index.ts';
import { createSnapshotStore } from '../src/snapshots/snapshot-store.ts';
import { createBootstrappedDatabase, runSql, type BootstrappedDatabase } from './support/bootstrapped-database.ts';
import { fillTables } from './support/fill-tenant.ts';
import { newGeneration, newSettlement } from './support/fixtures.ts';
import { copyByDump, majorOfDump } from './support/copy-by-dump.ts';
import { OLDER_POSTGRES, startOlderPostgres, type OlderPostgres } from './support/older-postgres.ts';
import { parseRows, readHead, readRows } from './support/streams.ts';
import { createTestPool, noMetrics, silentLogger } from './support/test-database.ts';

/** Later migrations, which change rows of filled tables and end with the declared schema. */
const LATER: readonly Migration[] = [
  {
    name: '99990101000000_add_notes',
    up: async (knex) => {
      await knex.raw(`
        ALTER TABLE projects ADD COLUMN note text NOT NULL DEFAULT 'none';
        ALTER TABLE generations ADD COLUMN note text;
        CREATE INDEX generations_by_note ON generations (tenant_id, note);
      `);
    },
  },
  {
    name: '99990101000100_drop_notes',
    up: async (knex) => {
      await knex.raw('ALTER TABLE generations DROP COLUMN note; ALTER TABLE projects DROP COLUMN note');
    },
  },
];
const namesOf = (migrations: readonly Migration[]) => migrations.map(({ name }) => name);

/** Tables that may be empty: partitions of months without rows, and the proof of erasures. */
const MAY_BE_EMPTY = /^generation|^erasure_ledger$|^certificate/;

const at = (instant: string) => uuidv7({ msecs: Date.parse(instant) });
/** At both ends of months, at the end of February in a leap year, and now. */
const GENERATIONS = [
  at('2024-02-29T23:59:59.999Z'),
  at('2024-03-01T00:00:00.000Z'),
  at('2025-12-31T23:59:59.999Z'),
  at('2026-01-01T00:00:00.000Z'),
  uuidv7(),
];
const PENDING = GENERATIONS[3]!;
const PAST_MONTHS = ['2024-02-01', '2024-03-01', '2025-12-01', '2026-01-01'];
const dayOf = (id: string) =>
  new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString().slice(0, 10);
const fingerprints = new Set<string>();
const [TENANT, KEY, EXPORT] = [uuidv7(), uuidv7(), uuidv7()];
const HASH = 'ab'.repeat(32);

/** Inserts a tenant with a key, generations in several months, an export and an outbox row, as the superuser. */
async function fillTenant({ superuserUrl, migrationUrl }: BootstrappedDatabase): Promise<void> {
  const sql = (text: string, values: unknown[]) => runSql(superuserUrl, text, values);
  await sql('INSERT INTO tenants (id, name) VALUES ($1, $2)', [TENANT, 'Tenant']);
  await sql(
    `INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, scopes) VALUES ($1, $2, 'K', 'abcdefabcdef', $3, $4)`,
    [KEY, TENANT, HASH, ['inference']],
  );
  // As the owner: partitions belong to the role that creates them.
  await runSql(
    migrationUrl,
    `SELECT create_month_partition(parent, month)
     FROM unnest($1::date[]) month, unnest(ARRAY['generations', 'generation_contents']::name[]) parent`,
    [PAST_MONTHS],
  );
  for (const id of GENERATIONS) await insertGeneration(superuserUrl, id);
  await sql(
    `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome)
     VALUES ($1, $2, 'operator', 'tenant.created', 'tenant', $2, 'success')`,
    [uuidv7(), TENANT],
  );
  await sql(`INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, 'age1x')`, [
    EXPORT,
    TENANT,
    KEY,
  ]);
  await sql(
    `INSERT INTO export_files (export_id, position, tenant_id, epoch, path, key, bytes, sha256)
     VALUES ($1, 0, $2, 1, 'bagit.txt', 'exports/x', 1, $3)`,
    [EXPORT, TENANT, HASH],
  );
  await sql(
    `INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier) VALUES ($1, $2, $3, 'x', '{}', '{}')`,
    [uuidv7(), TENANT, EXPORT],
  );
}

/** Inserts a generation with a value in every column that its status allows, and its content. */
async function insertGeneration(url: string, id: string): Promise<void> {
  const isPending = id === PENDING;
  const number = isPending ? null : 3;
  await runSql(
    url,
    `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, trace_id,
       correlation_id, status, error_type, usage_source, prompt_tokens, completion_tokens, cost_micro_usd, duration_ms,
       time_to_first_token_ms, settled_at, created_at)
     VALUES ($1, $2, $3, 'p', 'm', true, 1, $4, 'c', $5, $6, $7, $8, $8, $8, $8, $8, $9, uuid_v7_time($1))`,
    [
      id,
      TENANT,
      KEY,
      'ab'.repeat(16),
      isPending ? 'pending' : 'failed',
      isPending ? null : 'internal_error',
      isPending ? null : 'provider',
      number,
      isPending ? null : new Date(),
    ],
  );
  await runSql(
    url,
    `INSERT INTO generation_contents (generation_id, tenant_id, request, response, created_at)
     VALUES ($1, $2, $3, $4, uuid_v7_time($1))`,
    [id, TENANT, `{"n": 12345678901234567890.10, "id":"${id}"}`, isPending ? null : '{ "text" : "\\u0000" }'],
  );
}

/** Reads every row of every table as JSON. */
async function readAllRows(url: string): Promise<Record<string, unknown[]>> {
  const tables = await runSql<{ name: string }>(
    url,
    `SELECT table_name::text AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name NOT LIKE 'schema_migrations%'`,
  );
  const contents: Record<string, unknown[]> = {};
  for (const { name } of tables) {
    const rows = await runSql<{ row: string }>(url, `SELECT row_to_json(t)::text AS row FROM ${name} t ORDER BY 1`);
    contents[name] = rows.map(({ row }) => row);
  }
  return contents;
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

/** Describes upgrades on the server of this run, or on a server of its own if `program` is given. */
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
    // Bundles contain the fingerprint: it must not depend on the version of the server.
    fingerprints.add(fingerprintSchema(live));
    expect(fingerprints.size).toBe(1);
  });

  describeWithProgram('pg_dump', 'with a dump', (pgDump) => {
    // pg_dump of another major version cannot dump this server.
    if (which !== `postgres-${majorOfDump(pgDump)}`) return;
    it('a database restored from a dump has the declared schema', async () => {
      await migrate(toMigrate());
      const restored = await createBootstrappedDatabase();
      copyByDump(pgDump, db.superuserUrl, restored.superuserUrl);
      expect(findSchemaDrift(await readSchema(restored.databaseUrl))).toEqual([]);
      await restored.drop();
    });
  });

  it('later migrations keep every row of a filled database, and the stores work with it', async () => {
    await migrate(toMigrate());
    await fillTenant(db);
    const before = await readAllRows(db.superuserUrl);
    expect(before['generations']).toHaveLength(GENERATIONS.length);
    expect(await migrate({ ...toMigrate(), migrations: [...MIGRATIONS, ...LATER] })).toEqual(namesOf(LATER));
    expect(await readAllRows(db.superuserUrl)).toEqual(before);
    expect(findSchemaDrift(await readSchema(db.databaseUrl))).toEqual([]);

    const placed = await runSql<{ id: string; partition: string; content: string }>(
      db.superuserUrl,
      `SELECT g.id, g.tableoid::regclass::text AS partition, c.tableoid::regclass::text AS content
       FROM generations g JOIN generation_contents c ON c.generation_id = g.id ORDER BY g.id`,
    );
    const now = new Date().toISOString().slice(0, 7).replace('-', '_');
    expect(placed).toEqual(
      ['2024_02', '2024_03', '2025_12', '2026_01', now].map((month, n) => ({
        id: GENERATIONS[n],
        partition: `generations_${month}`,
        content: `generation_contents_${month}`,
      })),
    );

    // Settled generations are in the sums of their days; the pending one is in none.
    const days = GENERATIONS.filter((id) => id !== PENDING).map((id) => dayOf(id));
    await runSql(db.superuserUrl, 'SELECT fold_usage(1000)');
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
      pool: exportsPool,
      database,
      maxSnapshots: 1,
      maxSnapshotAgeMs: 60_000,
      logger: silentLogger,
      metrics: noMetrics,
    });
    const { head } = await readHead(await snapshots.open(TENANT, closing.signal));
    for (const table of ['generations', 'generation_contents']) {
      const request = { tenantId: TENANT, snapshotId: head.snapshot_id, table };
      const rows = parseRows(await readRows(await snapshots.readRows(request, closing.signal)));
      const ids = rows.map((row) => row['id'] ?? row['generation_id']);
      expect([table, ids]).toEqual([table, [...GENERATIONS, added]]);
      expect(head.tables.find(({ name }) => name === table)?.rows).toBe(ids.length);
    }
    closing.abort(new Error('test ended'));
    await exportsPool.close();
    await pool.close();
  });

  it('later migrations keep every row of every table', async () => {
    await migrate(toMigrate());
    await fillTenant(db);
    const sql = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      runSql<R>(db.superuserUrl, text, values);
    await fillTables({ sql }, { tenantId: TENANT, keyId: KEY });
    await fillTables({ sql }, null);
    await sql(`INSERT INTO platform_operators (id, name, prefix, key_hash) VALUES ($1, 'O', 'abcdefabcdef', $2)`, [
      uuidv7(),
      HASH,
    ]);
    await sql(`INSERT INTO platform_switches (service, feature, is_on) VALUES ('web-api', 'metrics', true)`);
    const before = await readAllRows(db.superuserUrl);
    expect(Object.entries(before).filter(([name, rows]) => rows.length === 0 && !MAY_BE_EMPTY.test(name))).toEqual([]);
    await migrate({ ...toMigrate(), migrations: [...MIGRATIONS, ...LATER] });
    expect(await readAllRows(db.superuserUrl)).toEqual(before);
  });

  it('a database of a development version before the baseline is rejected and stays unchanged', async () => {
    await runSql(
      db.migrationUrl,
      `CREATE TABLE schema_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz);
       INSERT INTO schema_migrations (name, batch, migration_time) VALUES ('20261128090400_months_apart', 2, now()),
         ('20261123180000_tenants', 1, now())`,
    );
    const describeAll = () => runSql(db.superuserUrl, 'SELECT relname::text FROM pg_class ORDER BY 1');
    const before = await describeAll();
    const failure = String(await migrate(toMigrate()).catch((error: unknown) => error));
    expect(failure).toContain('2 migrations before the baseline, from 20261123180000_tenants to 20261128090400');
    expect(failure).toContain('cannot be upgraded');
    expect(failure).toContain('`pnpm demo --reset`');
    expect(failure).toContain('drop the database');
    expect(await describeAll()).toEqual(before);
  });

  it('a migration that cannot acquire its lock fails with a reason, and the next start continues', async () => {
    await migrate(toMigrate());
    const later: readonly Migration[] = [
      {
        name: '99990101000000_create_scratch',
        up: async (knex) => {
          await knex.raw('CREATE TABLE scratch ()');
        },
      },
      ...LATER.map((migration) => ({ ...migration, name: migration.name.replace('99990101', '99990102') })),
    ];
    const reader = new pg.Client({ connectionString: db.superuserUrl });
    await reader.connect();
    await reader.query('BEGIN; SELECT 1 FROM generations');
    const impatient = {
      ...toMigrate(),
      migrations: [...MIGRATIONS, ...later],
      lockTimeoutMs: 50,
      lockAttempts: 2,
    };
    const failure = await migrate(impatient).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/could not acquire a lock in 2 attempts of 50 ms.*pg_stat_activity/s);
    const applied = async () => (await runSql(db.superuserUrl, 'SELECT 1 FROM schema_migrations')).length;
    // The first of the later migrations needs no lock that conflicts with the reader.
    expect(await applied()).toBe(MIGRATIONS.length + 1);
    // A migration that has given up blocks nobody.
    await runSql(db.superuserUrl, 'SELECT 1 FROM generations');
    const patient = migrate({ ...impatient, lockAttempts: 100 });
    await reader.query('COMMIT');
    await reader.end();
    expect(await patient).toEqual(namesOf(later.slice(1)));
  });
}
