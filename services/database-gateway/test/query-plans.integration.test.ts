import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { internalRoute, routes } from '@aion/contracts';
import { deleteExpiredIdempotencyKeys } from '../src/management/delete-expired-idempotency-keys.ts';
import { createOutboxStore } from '../src/outbox/outbox-store.ts';
import { ALLOWED_READS } from './support/allowed-reads.ts';
import { operatorFor } from './support/management.ts';
import {
  explainEveryStatement,
  findFaultyReads,
  readTableSizes,
  type Recording,
  type TableSizes,
} from './support/query-plans.ts';
import { recordRun, runEverything, type Run } from './support/run-everything.ts';
import { seedLargeTables, type SeededTenant } from './support/seed-large-tables.ts';
import { createMigratedDatabase, type MigratedDatabase } from './support/test-database.ts';
import { unheardUsage } from './support/walk/walk-platform.ts';

const SOURCES = resolve(import.meta.dirname, '../src');

/** Calls that this test omits, with the reasons. */
const NOT_MADE: Readonly<Record<string, string>> = {
  'bootstrap.ts': 'runs once, as the superuser, before there are rows',
  'database/migrate.ts': 'takes the lock of migrations, as the owner',
  'database/database.ts': 'carries the statements of all others, and BEGIN and COMMIT',
  'outbox/outbox-listener.ts': 'LISTEN reads no table',
  'snapshots/hold-snapshot.ts': 'SELECT 1 keeps a session alive, and reads no table',
  'create-database-gateway.ts': 'SELECT 1 is the readiness probe, and reads no table',
};

/** Functions that processes of the previous version call during an upgrade. */
const FOR_EARLIER_VERSIONS = ['list_tenants(integer,uuid)'];

let db: MigratedDatabase;
let tenant: SeededTenant;
let sizes: TableSizes;
let recording: Recording;
beforeAll(async () => {
  db = await createMigratedDatabase();
  tenant = await seedLargeTables(db.superuserUrl);
  // Later statements may delete rows: large tables stay large.
  sizes = await readTableSizes(db);
  await explainEveryStatement(db.superuserUrl);
  const [parked] = await db.sql<{ id: string }>(
    'SELECT id FROM outbox WHERE tenant_id = $1 AND parked_at IS NOT NULL ORDER BY id',
    [tenant.tenantId],
  );
  recording = await recordRun(db, tenant, (run) => runEverything(run, parked?.id ?? ''));
}, 180_000);
afterAll(() => db.drop());

/** Lists every `.query(` of the source, as `file:line`. */
function listCallSites(): string[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('migrations/'),
  );
  return files.flatMap((file) => {
    const source = readFileSync(resolve(SOURCES, file), 'utf8');
    const calls = source.matchAll(/\.query(?:<[^(]*>)?\(/g);
    return [...calls].map(({ index }) => `${file}:${source.slice(0, index).split('\n').length}`);
  });
}

const fileOf = (site: string) => site.slice(0, site.lastIndexOf(':'));

describe('statements of the service, on tables with rows of many tenants,', () => {
  it('scan no complete table, and read no more rows than they need', async () => {
    expect(findFaultyReads(recording.statements, sizes, ALLOWED_READS)).toEqual([]);
  });

  it('have exceptions only where one of them needs it', () => {
    const isUsed = (at: number) =>
      findFaultyReads(recording.statements, sizes, ALLOWED_READS.toSpliced(at, 1)).length > 0;
    expect(ALLOWED_READS.filter((_allowed, at) => !isUsed(at))).toEqual([]);
  });

  it('include all statements in the source', () => {
    const sites = listCallSites();
    expect(sites.length).toBeGreaterThan(100);
    expect(sites.filter((site) => !recording.sites.has(site) && NOT_MADE[fileOf(site)] === undefined)).toEqual([]);
    const files = new Set(sites.map(fileOf));
    expect(Object.keys(NOT_MADE).filter((file) => !files.has(file))).toEqual([]);
  });

  it('include every function that runs as the owner', async () => {
    const uncalled = await db.sql<{ name: string }>(
      `SELECT p.oid::regprocedure::text AS name FROM pg_proc p LEFT JOIN pg_stat_user_functions f ON f.funcid = p.oid
       WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace AND coalesce(f.calls, 0) = 0`,
    );
    expect(uncalled.map(({ name }) => name)).toEqual(FOR_EARLIER_VERSIONS);
    // The statements of such functions are explained as well.
    expect(recording.statements.some(({ text }) => /^\s*WITH due AS MATERIALIZED/.test(text))).toBe(true);
  });
});

/** Indexes, each with a call that needs it, and the problem that is reported without it. */
const INDEXES: readonly (readonly [index: string, found: RegExp, run: (run: Run) => Promise<unknown>])[] = [
  [
    'generations_by_time',
    / on generations_\d{4}_\d{2}\S* of \d+ rows: .*FROM generations/s,
    ({ walker: { call, owner } }) => call(internalRoute(routes.generations.list), owner),
  ],
  [
    'files_by_tenant',
    / on files.*FROM files/s,
    ({ walker: { call, owner } }) => call(internalRoute(routes.files.list), owner),
  ],
  [
    'retention_policies_by_tenant',
    / on retention_policies .* of \d+ rows: .*FROM retention_policies/s,
    ({ walker: { call, owner } }) => call(internalRoute(routes.retentionPolicies.list), owner, { query: { limit: 1 } }),
  ],
  ['outbox_due', /^Seq Scan on outbox: WITH due/, ({ database }) => createOutboxStore(database).claim(1, 1)],
  [
    'outbox_parked',
    / on outbox.*FROM public.outbox o/s,
    ({ walker: { call } }) =>
      call(internalRoute(routes.outboxRows.listParked), operatorFor(null), { query: { limit: 1 } }),
  ],
  [
    'idempotency_keys_expiry',
    /^Seq Scan on idempotency_keys: WITH deleted/,
    ({ database }) => deleteExpiredIdempotencyKeys(database),
  ],
  [
    'usage_deltas_by_tenant',
    /^Seq Scan on usage_deltas: .*usage_deltas_part/s,
    ({ walker: { call, owner } }) => call(internalRoute(routes.usage.get), owner),
  ],
  [
    'usage_daily_by_day',
    /^Seq Scan on usage_daily: WITH bounds/,
    ({ database }) => unheardUsage(database).checkConsistency(),
  ],
];

describe('query plans without an index', () => {
  it.each(INDEXES)('detect a statement that reads too much without %s', async (index, found, run) => {
    const [dropped] = await db.sql<{ definition: string }>('SELECT pg_get_indexdef($1::regclass) AS definition', [
      index,
    ]);
    await db.sql(`DROP INDEX ${index}`);
    try {
      const { statements } = await recordRun(db, tenant, async (parts) => {
        await run(parts);
      });
      const faults = findFaultyReads(statements, sizes, ALLOWED_READS);
      expect(faults).toContainEqual(expect.stringMatching(found));
    } finally {
      await db.sql(dropped?.definition ?? '');
    }
  });
});

/** Every test checks the names when it drops its database. */
describe('names of the statements', () => {
  const FILES = 'SELECT path, key, bytes, sha256 FROM export_files WHERE tenant_id = $1 AND export_id = $2';
  const values = ['01890a5d-0000-7000-8000-000000000001', '01890a5d-0000-7000-8000-000000000002'];

  it.each([
    ['a table of tenants behind the catalogue', 'SELECT pg_catalog', { table: 'pg_catalog' }],
    ['one behind a function', 'CALL outbox', { functionOf: 'outbox' }],
    ['one behind a table that the platform has rows in', 'SELECT audit_events', { table: 'audit_events' }],
  ] as const)('are checked, and reported if they hide %s', async (_what, name, target) => {
    const own = await createMigratedDatabase();
    await own.database.query({ ...target, text: FILES, values });
    await expect(own.drop()).rejects.toThrow(`${name} reaches export_files`);
  });

  it('match the tables that the statements access otherwise', async () => {
    const own = await createMigratedDatabase();
    const query = { table: 'export_files', text: FILES, values } as const;
    await own.database.withTenant(values[0] ?? '', (transaction) => transaction.query(query));
    await own.drop();
  });
});
