import { snapshotHead } from '@aion/contracts';
import { createMetrics } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { planExport } from '../src/data-map/export-plan.ts';
import type { ConnectionPool } from '../src/database/connection-pool.ts';
import { MIGRATIONS } from '../src/migrations/index.ts';
import { createSnapshotStore, type SnapshotStore, type SnapshotStoreOptions } from '../src/snapshots/snapshot-store.ts';
import { addGeneration } from './support/fixtures.ts';
import { parseRows, readHead, readRows } from './support/streams.ts';
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let pool: ConnectionPool;
let snapshots: SnapshotStore;
let tenant: { tenantId: string; keyId: string };
let closing: AbortController;

const createStore = (options: Partial<SnapshotStoreOptions> = {}) =>
  createSnapshotStore({
    pool,
    database: db.database,
    maxSnapshots: 3,
    maxSnapshotAgeMs: 60_000,
    heartbeatMs: 50,
    logger: silentLogger,
    metrics: noMetrics,
    ...options,
  });

beforeAll(async () => {
  db = await createMigratedDatabase();
  pool = createTestPool(db.appUrl, 6, 'exports');
  snapshots = createStore();
});
afterAll(async () => {
  await pool.close();
  await db.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(db.database);
  closing = new AbortController();
});
// Closes the sessions of every test, also after a failure.
afterEach(async () => {
  closing.abort(new Error('the test is over'));
  await waitFor(async () => (await exportBackends()).length === 0, { describe: 'the backends of exports to end' });
});

const exportBackends = () =>
  db.sql<{ state: string; query: string }>(
    `SELECT state, query FROM pg_stat_activity
     WHERE application_name = 'aion-database-gateway exports' AND datname = current_database()`,
  );
const openSnapshot = async () => readHead(await snapshots.open(tenant.tenantId, closing.signal));
const readTable = async (snapshotId: string, table: string, tenantId = tenant.tenantId) =>
  readRows(await snapshots.readRows({ tenantId, snapshotId, table }, closing.signal));

describe('snapshot', () => {
  it('is described as in the contract: tables, columns, counts, fingerprint, exclusions', async () => {
    await addGeneration(db.database, tenant);
    const { head } = await openSnapshot();
    expect(snapshotHead.parse(head)).toEqual(head);
    const counts = Object.fromEntries(head.tables.map((table) => [table.name, table.rows]));
    const filled = Object.entries(counts).filter(([, rows]) => rows > 0);
    expect(Object.fromEntries(filled)).toEqual({
      tenants: 1,
      api_keys: 1,
      generations: 1,
      generation_contents: 1,
      audit_events: 2,
      usage_deltas: 1,
    });
    expect(Object.keys(counts)).toEqual(planExport().tables.map((table) => table.name));
    const keys = head.tables.find((table) => table.name === 'api_keys');
    expect(keys?.columns.slice(1, 4)).toEqual([
      { name: 'tenant_id', type: 'uuid' },
      { name: 'project_id', type: 'uuid' },
      { name: 'user_id', type: 'uuid' },
    ]);
    expect(keys?.columns.map((column) => column.name)).not.toContain('key_hash');
    expect(head.excluded).toEqual(planExport().excluded);
    expect(head.excluded.map((item) => item.name)).toEqual(
      expect.arrayContaining(['api_keys.key_hash', 'export_files', 'outbox', 'schema_migrations']),
    );
    expect(head.migration).toBe(MIGRATIONS.at(-1)?.name);
  });

  it('does not change while rows are added and changed, for any reader, until it ends', async () => {
    const first = await addGeneration(db.database, tenant);
    const { head, heartbeats } = await openSnapshot();
    const second = await addGeneration(db.database, tenant);
    await db.sql('UPDATE generations SET model = $2 WHERE id = $1', [first, 'changed']);
    for (let i = 0; i < 3; i++) expect((await heartbeats.next()).value).toBe('');
    const rows = await readTable(head.snapshot_id, 'generations');
    expect(parseRows(rows)).toMatchObject([{ id: first, model: 'embedded/extractive' }]);
    expect((await readTable(head.snapshot_id, 'audit_events')).length).toBe(2);
    const later = await openSnapshot();
    const ids = parseRows(await readTable(later.head.snapshot_id, 'generations')).map((row) => row['id']);
    expect(ids).toEqual([first, second]);
  });

  it('returns only rows of the tenant of the reader, whoever has opened it', async () => {
    const stranger = await createTestTenant(db.database);
    await addGeneration(db.database, tenant);
    await addGeneration(db.database, stranger);
    const { head } = await openSnapshot();
    const rows = await readTable(head.snapshot_id, 'tenants', stranger.tenantId);
    expect(parseRows(rows).map((row) => row['id'])).toEqual([stranger.tenantId]);
    for (const { name } of head.tables) {
      for (const row of await readTable(head.snapshot_id, name)) expect(row).not.toContain(stranger.tenantId);
    }
  });

  it('ends when its client disconnects, and cannot be read afterwards', async () => {
    const { head, heartbeats } = await openSnapshot();
    await heartbeats.return(undefined);
    await waitFor(async () => (await exportBackends()).length === 0, { describe: 'the holder to end' });
    await expect(readTable(head.snapshot_id, 'tenants')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('has ended'),
    });
  });

  it('ends when its client disconnects before it has read anything', async () => {
    await snapshots.open(tenant.tenantId, closing.signal);
    expect(await exportBackends()).toHaveLength(1);
    closing.abort(new Error('gone'));
    await waitFor(async () => (await exportBackends()).length === 0, { describe: 'the holder to end' });
  });

  it('ends at its maximum age', async () => {
    const store = createStore({ maxSnapshotAgeMs: 120 });
    const { heartbeats } = await readHead(await store.open(tenant.tenantId, closing.signal));
    const readAll = async () => {
      for await (const line of heartbeats) expect(line).toBe('');
    };
    await expect(readAll()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('fails when its backend is terminated', async () => {
    const { heartbeats } = await openSnapshot();
    await db.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'aion-database-gateway exports' AND datname = current_database()`);
    const readAll = async () => {
      for await (const line of heartbeats) expect(line).toBe('');
    };
    await expect(readAll()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is rejected at the limit of open snapshots, and releases its permit at its end', async () => {
    const open = () => snapshots.open(tenant.tenantId, closing.signal);
    const [first] = [await open(), await open(), await open()];
    await expect(open()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 5 });
    const { heartbeats } = await readHead(first);
    await heartbeats.return(undefined);
    await readHead(await open());
  });

  it('is rejected while the live schema contains an undeclared object', async () => {
    await db.sql('CREATE TABLE notes (id int); ALTER TABLE tenants ADD COLUMN nickname text');
    try {
      for (let i = 0; i < 4; i++) {
        await expect(openSnapshot()).rejects.toMatchObject({
          code: 'SCHEMA_DRIFT',
          message: expect.stringMatching(/"notes".*"tenants\.nickname"/),
        });
      }
    } finally {
      await db.sql('DROP TABLE notes; ALTER TABLE tenants DROP COLUMN nickname');
    }
    await db.sql('GRANT DELETE ON audit_events TO aion_app');
    await expect(openSnapshot()).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
    await db.sql('REVOKE DELETE ON audit_events FROM aion_app');
    await openSnapshot();
  });
});

describe('statements of a snapshot', () => {
  it('are measured like other statements', async () => {
    const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
    await readHead(await createStore({ metrics }).open(tenant.tenantId, closing.signal));
    const { body } = await metrics.exposition();
    const countOf = (table: string) =>
      new RegExp(`^db_query_duration_seconds_count\\{operation="SELECT",table="${table}"\\} (\\d+)$`, 'm').exec(
        body,
      )?.[1];
    for (const { name } of planExport().tables) expect([name, countOf(name)]).toEqual([name, '1']);
    // The session, the schema and what names the snapshot.
    expect(Number(countOf('pg_catalog'))).toBeGreaterThan(5);
  });
});

describe('rows of a table in a snapshot', () => {
  const TRICKY = [
    'back\\slash \\n \\t \\\\ \\.',
    '\\.',
    'line\nfeed\r\nand\ttab',
    'quotes " \' ` and , ; |',
    'control \u0001 \u0002 \u0007 \u001b \u007f',
    'Zürich 東京 \u{1f99c} \u2028 \u{10ffff}',
    '</script> {"a":[1]}',
    ' ',
    '',
  ];

  it('are preserved byte for byte as JSON: backslashes, newlines, control characters, large numbers', async () => {
    // Written as text, so that JavaScript cannot lose a digit.
    const raw = '{"id": 12345678901234567890123456789.000000000000000001, "s":"\\u0000 \\ud800 \\\\n \\/", "e":1E400}';
    const ids: string[] = [];
    for (const [at, text] of TRICKY.entries()) {
      const id = await addGeneration(db.database, tenant);
      ids.push(id);
      await db.sql('UPDATE generations SET model = $2, duration_ms = $3 WHERE id = $1', [
        id,
        text,
        `92233720368547757${String(at).padStart(2, '0')}`,
      ]);
      await db.sql('UPDATE generation_contents SET request = $2::json WHERE generation_id = $1', [id, raw]);
    }
    const { head } = await openSnapshot();
    const rows = await readTable(head.snapshot_id, 'generations');
    expect(parseRows(rows).map((row) => row['model'])).toEqual(TRICKY);
    expect(parseRows(rows).map((row) => row['id'])).toEqual(ids.toSorted());
    rows.forEach((row, at) => expect(row).toContain(`:92233720368547757${String(at).padStart(2, '0')},`));
    const contents = await readTable(head.snapshot_id, 'generation_contents');
    expect(contents).toHaveLength(TRICKY.length);
    for (const row of contents) expect(row).toContain(`"request":${raw},`);
    const expected = await db.sql<{ row: string }>(
      `SELECT row_to_json(g)::text AS row FROM (SELECT * FROM generations WHERE tenant_id = $1 ORDER BY id) g`,
      [tenant.tenantId],
    );
    expect(rows).toEqual(expected.map(({ row }) => row));
  });

  it('have the same bytes with any settings of the server, with instants in UTC', async () => {
    await addGeneration(db.database, tenant);
    const before = await readTable((await openSnapshot()).head.snapshot_id, 'generations');
    const database = new URL(db.superuserUrl).pathname.slice(1);
    await db.sql(`ALTER DATABASE ${database} SET TimeZone = 'Asia/Kolkata'`);
    await db.sql(`ALTER DATABASE ${database} SET DateStyle = 'SQL, DMY'`);
    try {
      const after = await readTable((await openSnapshot()).head.snapshot_id, 'generations');
      expect(after).toEqual(before);
      expect(parseRows(after)[0]?.['created_at']).toMatch(/\+00:00$/);
    } finally {
      await db.sql(`ALTER DATABASE ${database} RESET ALL`);
    }
  });

  it('are an empty stream for an empty table', async () => {
    const { head } = await openSnapshot();
    expect(await readTable(head.snapshot_id, 'generations')).toEqual([]);
  });

  it.each(['outbox', 'schema_migrations', 'pg_authid', 'export_files'])('cannot be read from %s', async (table) => {
    const { head } = await openSnapshot();
    await expect(readTable(head.snapshot_id, table)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('of a large table', () => {
    const ROWS = 40_000;

    let large: { tenantId: string; keyId: string };

    beforeAll(async () => {
      large = await createTestTenant(db.database);
      await db.sql(
        `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
         SELECT id, $1, $2, 'embedded', repeat('m', 200), false, 1, uuid_v7_time(id) FROM unnest($3::uuid[]) id`,
        [large.tenantId, large.keyId, Array.from({ length: ROWS }, () => uuidv7())],
      );
    });
    beforeEach(() => {
      tenant = large;
    });

    const copyBackends = async () => (await exportBackends()).filter(({ query }) => query.startsWith('COPY'));

    it('are complete and in order', async () => {
      const { head } = await openSnapshot();
      const rows = await readTable(head.snapshot_id, 'generations');
      expect(rows).toHaveLength(ROWS);
      const ids = rows.map((row) => row.slice(7, 43));
      expect(ids).toEqual(ids.toSorted());
      expect(head.tables.find((table) => table.name === 'generations')?.rows).toBe(ROWS);
    });

    it('wait for a slow reader without filling the memory, and release the backend when it disconnects', async () => {
      const { head } = await openSnapshot();
      const stream = await snapshots.readRows(
        { tenantId: tenant.tenantId, snapshotId: head.snapshot_id, table: 'generations' },
        closing.signal,
      );
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      const stalled = () =>
        db.sql(
          `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event = 'ClientWrite'
           AND datname = current_database()`,
        );
      await waitFor(async () => (await stalled()).length === 1, { describe: 'the COPY to wait for its reader' });
      await iterator.return?.();
      await waitFor(async () => (await copyBackends()).length === 0, { describe: 'the COPY to end' });
    });

    it('release the backend when the reader disconnects before it has read anything', async () => {
      const { head } = await openSnapshot();
      const reading = new AbortController();
      await snapshots.readRows(
        { tenantId: tenant.tenantId, snapshotId: head.snapshot_id, table: 'generations' },
        reading.signal,
      );
      await waitFor(async () => (await copyBackends()).length === 1, { describe: 'the COPY to begin' });
      reading.abort(new Error('gone'));
      await waitFor(async () => (await copyBackends()).length === 0, { describe: 'the COPY to end' });
    });

    it('fail when the backend is terminated in the middle', async () => {
      const { head } = await openSnapshot();
      const stream = await snapshots.readRows(
        { tenantId: tenant.tenantId, snapshotId: head.snapshot_id, table: 'generations' },
        closing.signal,
      );
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      await db.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE query LIKE 'COPY%' AND datname = current_database()`);
      const readRest = async () => {
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next());
      };
      await expect(readRest()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
  });

  it('require a connection: when none is free, the reader gets 503 with Retry-After', async () => {
    const { head } = await openSnapshot();
    const clients = await Promise.all(Array.from({ length: 5 }, () => pool.connect()));
    const read = snapshots.readRows(
      { tenantId: tenant.tenantId, snapshotId: head.snapshot_id, table: 'tenants' },
      closing.signal,
    );
    await expect(read).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    for (const client of clients) client.release(true);
    expect(await readTable(head.snapshot_id, 'tenants')).toHaveLength(1);
  });

  it('are rejected for a malformed tenant id', async () => {
    await expect(snapshots.open(`${uuidv7()}'`, closing.signal)).rejects.toThrow('must be a UUID');
  });
});
