import { createMetrics } from '@aion/metrics';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { DATA_MAP } from '../src/data-map/data-map.ts';
import { planExport } from '../src/data-map/export-plan.ts';
import type { TableEntry } from '../src/data-map/table-entry.ts';
import { tenantPredicate } from '../src/data-map/tenant-predicate.ts';
import type { ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase } from '../src/database/database.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createExportStore } from '../src/exports/export-store.ts';
import { createGenerationStore } from '../src/generations/generation-store.ts';
import { createSnapshotStore } from '../src/snapshots/snapshot-store.ts';
import { fillTables } from './support/fill-tenant.ts';
import {
  addGeneration,
  completeNewExport,
  FILES,
  newGeneration,
  newSettlement,
  NO_PROGRESS,
  RECIPIENT,
} from './support/fixtures.ts';
import { readHead, readRows } from './support/streams.ts';
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

interface Party {
  readonly tenantId: string;
  readonly keyId: string;
  /** Every id of the party's rows that a function takes. */
  readonly ids: string[];
}

/** A call by a party, with ids that are its own or the other's. */
interface Call {
  readonly party: Party;
  readonly tenant_id: string;
  readonly id: string;
  readonly keyId: string;
  readonly epoch: number;
  /** An id of a new row. */
  readonly fresh: string;
}

let db: MigratedDatabase;
let exportsPool: ConnectionPool;
let parties: readonly [Party, Party];
let stores: ReturnType<typeof createStores>;

beforeAll(async () => {
  db = await createMigratedDatabase();
  exportsPool = createTestPool(db.appUrl, 4, 'exports');
  const [one, two] = [await createTestTenant(db.database), await createTestTenant(db.database)];
  parties = [
    { ...one, ids: [] },
    { ...two, ids: [] },
  ];
  for (const party of parties) {
    await fillTables(db, party);
    party.ids.push(await addGeneration(db.database, party), (await completeNewExport(db.database, party)).id);
  }
  stores = createStores();
});
afterAll(async () => {
  await exportsPool.close();
  await db.drop();
});

function createStores() {
  const metrics = createMetrics({ service: 'test', version: '0', enabled: false });
  const database = createDatabase({ pool: db.pool, metrics, logger: silentLogger });
  const options = { pool: exportsPool, database, metrics, logger: silentLogger };
  return {
    generations: createGenerationStore(database, { storeContent: true }),
    exports: createExportStore(database),
    claims: createExportClaims(database),
    snapshots: createSnapshotStore({ ...options, maxSnapshots: 2, maxSnapshotAgeMs: 60_000 }),
  };
}

/** Everything of an export's snapshot, as text. */
async function readSnapshot(tenantId: string): Promise<unknown> {
  const closing = new AbortController();
  try {
    const { head } = await readHead(await stores.snapshots.open(tenantId, closing.signal));
    const rows: string[] = [];
    for (const { name: table } of planExport().tables) {
      const request = { tenantId, snapshotId: head.snapshot_id, table };
      rows.push(...(await readRows(await stores.snapshots.readRows(request, closing.signal))));
    }
    return { head, rows };
  } finally {
    closing.abort(new Error('read'));
  }
}

/** Every function of the stores. */
const CALLS: Readonly<Record<string, (call: Call) => Promise<unknown>>> = {
  'generations.open': async ({ party, fresh, id, keyId }) => {
    party.ids.push(fresh);
    const generation = newGeneration({ tenantId: party.tenantId, keyId }, { canary: party.tenantId });
    await stores.generations.open(fresh, { ...generation, api_key_id: party.keyId });
    await stores.generations.open(id, generation);
  },
  'generations.settle': ({ tenant_id, id }) => stores.generations.settle(id, newSettlement(tenant_id)),
  'exports.store': ({ party, tenant_id, fresh, keyId }) => {
    party.ids.push(fresh);
    return stores.exports.store({ id: fresh, tenant_id, api_key_id: keyId, recipient: RECIPIENT });
  },
  'exports.read': ({ tenant_id, id }) => stores.exports.read(tenant_id, id),
  'exports.list': ({ tenant_id }) => stores.exports.list(tenant_id, 100),
  'exports.readFiles': ({ tenant_id, id }) => stores.exports.readFiles(tenant_id, id),
  'exports.recordDownload': ({ tenant_id, id }) =>
    stores.exports.recordDownload(id, { tenant_id, action: 'export.downloaded', actor: 'signed-url', path: null }),
  'claims.claim': ({ tenant_id, id }) => stores.claims.claim(id, { tenant_id, lease_ms: 1_000 }),
  'claims.check': ({ tenant_id, id, epoch }) => stores.claims.check(tenant_id, id, epoch),
  'claims.renew': ({ tenant_id, id, epoch }) =>
    stores.claims.renew(id, { tenant_id, epoch, lease_ms: 1_000, state: 'sealing', progress: NO_PROGRESS }),
  'claims.complete': ({ tenant_id, id, epoch }) =>
    stores.claims.complete(id, { tenant_id, epoch, manifest_sha256: 'ab'.repeat(32), rows: 1, files: FILES }, 'test'),
  'claims.fail': ({ tenant_id, id, epoch }) =>
    stores.claims.fail(id, { tenant_id, epoch, code: 'x', message: 'x' }, 'test'),
  'snapshots.open': ({ tenant_id }) => readSnapshot(tenant_id),
  'snapshots.readRows': ({ tenant_id }) => readSnapshot(tenant_id),
};

const entries: [string, TableEntry][] = Object.entries(DATA_MAP);

/** All rows of a party, as the superuser sees them. */
async function contentsOf(party: Party): Promise<string> {
  const selects = entries.flatMap(([table, { tenantPath }]) =>
    tenantPath === null
      ? []
      : [
          `SELECT '${table}' AS name, to_jsonb(t)::text AS row FROM ${table} t WHERE ${tenantPredicate(tenantPath, '$1')}`,
        ],
  );
  return JSON.stringify(await db.sql(`${selects.join(' UNION ALL ')} ORDER BY 1, 2`, [party.tenantId]));
}

/** Every id in the rows of a party. */
async function idsOf(party: Party): Promise<string[]> {
  const uuids = (await contentsOf(party)).match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
  return [...new Set(uuids)];
}

const step = fc.record({
  name: fc.constantFrom(...Object.keys(CALLS)),
  at: fc.constantFrom(0, 1),
  pick: fc.nat(),
  withForeignKey: fc.boolean(),
  epoch: fc.integer({ min: 1, max: 3 }),
});

describe('two tenants whose calls are interleaved', () => {
  it('get no row and no id of each other, and change nothing of each other', async () => {
    const answered = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
        for (const { name, at, pick, withForeignKey, epoch } of steps) {
          const [party, other] = at === 0 ? parties : [parties[1], parties[0]];
          const ids = [...party.ids, ...other.ids, uuidv7()];
          const call: Call = {
            ...{ party, tenant_id: party.tenantId, epoch, fresh: uuidv7() },
            ...{ id: ids[pick % ids.length]!, keyId: (withForeignKey ? other : party).keyId },
          };
          const before = await contentsOf(other);
          // An id that a party has made up of another's, or is asked for, is no secret to it.
          const known = new Set([...(await idsOf(party)), call.id, call.keyId]);
          const foreign = (await idsOf(other)).filter((id) => !known.has(id));
          const answer = await CALLS[name]!(call).then(
            (value) => {
              answered.add(name);
              return JSON.stringify(value ?? null);
            },
            (error: unknown) => `${String(error)} ${JSON.stringify(error)}`,
          );
          expect([name, foreign.filter((id) => answer.includes(id))]).toEqual([name, []]);
          expect(await contentsOf(other)).toBe(before);
        }
      }),
      { numRuns: 5 },
    );
    // Calls must have done something, or the property says nothing.
    expect(answered.size).toBeGreaterThan(3);
  });

  it('are asked through every function of the stores', () => {
    const functions = Object.entries(stores).flatMap(([store, methods]) =>
      Object.keys(methods).map((method) => `${store}.${method}`),
    );
    expect(Object.keys(CALLS).toSorted()).toEqual(functions.toSorted());
  });
});
