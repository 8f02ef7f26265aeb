import type { Route } from '@aion/contracts';
import { createMetrics } from '@aion/metrics';
import { arbitraryOf, inputSchemaOf } from '@aion/testkit';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { DATA_MAP } from '../src/data-map/data-map.ts';
import { planExport } from '../src/data-map/export-plan.ts';
import type { TableEntry } from '../src/data-map/table-entry.ts';
import { tenantPredicate } from '../src/database/tenant-predicate.ts';
import type { ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase } from '../src/database/database.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createExportStore } from '../src/exports/export-store.ts';
import { createGenerationStore } from '../src/generations/generation-store.ts';
import { createManagementRoutes } from '../src/management/management-routes.ts';
import { createSnapshotStore } from '../src/snapshots/snapshot-store.ts';
import { fillTables } from './support/fill-tenant.ts';
import {
  addGeneration,
  completeNewExport,
  FILES,
  newGeneration,
  newSettlement,
  NO_PROGRESS,
} from './support/fixtures.ts';
import { createManagement, holderOf, operatorFor, SETTINGS, type CallManagement } from './support/management.ts';
import { readHead, readRows } from './support/streams.ts';
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

/** What the operator does with the platform as a whole, or with a person of two tenants, who is then seen by both. */
const OF_PLATFORM = /perator|Tenants$|createTenant$|initPlatform|createMembership$|SealingKeys/;

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
/** With the policies, and as the superuser, whom only the predicates of the queries hold. */
let callers: readonly [CallManagement, CallManagement];
let superuserPool: ConnectionPool;

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
  superuserPool = createTestPool(db.superuserUrl);
  const withoutPolicies = createDatabase({ pool: superuserPool, metrics: noMetrics, logger: silentLogger });
  callers = [createManagement(db.database), createManagement(withoutPolicies)];
});
afterAll(async () => {
  await Promise.all([exportsPool.close(), superuserPool.close()]);
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

/** Every route of the management API that is about a tenant, by its name. */
const MANAGED = new Map(
  // Nothing is asked of the database before a route is called.
  createManagementRoutes(undefined as never, SETTINGS)
    .map(({ route }) => route)
    .filter(({ name }) => !OF_PLATFORM.test(name))
    .map((route) => [route.name, route]),
);

/** Every function of the stores. */
const CALLS: Readonly<Record<string, (call: Call) => Promise<unknown>>> = {
  'generations.open': async ({ party, fresh, id, keyId }) => {
    party.ids.push(fresh);
    const generation = newGeneration({ tenantId: party.tenantId, keyId }, { canary: party.tenantId });
    await stores.generations.open(fresh, { ...generation, api_key_id: party.keyId });
    await stores.generations.open(id, generation);
  },
  'generations.settle': ({ tenant_id, id }) => stores.generations.settle(id, newSettlement(tenant_id)),
  'exports.readFiles': ({ tenant_id, id }) => stores.exports.readFiles(tenant_id, id),
  'exports.recordDownload': ({ tenant_id, id }) =>
    stores.exports.recordDownload(id, { tenant_id, actor: 'signed-url', path: null }),
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

const arbitraries = new Map<z.ZodType, Map<boolean, fc.Arbitrary<unknown>>>();

/** What a schema takes; making an arbitrary takes longer than drawing from it. */
function valuesOf(schema: z.ZodType, complete: boolean): fc.Arbitrary<unknown> {
  const known = arbitraries.get(schema) ?? new Map<boolean, fc.Arbitrary<unknown>>();
  arbitraries.set(schema, known);
  const values = known.get(complete) ?? arbitraryOf(inputSchemaOf(schema), { complete });
  known.set(complete, values);
  return values;
}

/** Calls a route of the management API with what its schemas make, and with the wanted ids in place of theirs. */
async function callManaged(route: Route, { party, id }: Call, seed: number): Promise<unknown> {
  const make = (schema: z.ZodType | undefined, complete: boolean): unknown => {
    if (schema === undefined) return undefined;
    const [made] = fc.sample(valuesOf(schema, complete), { seed, numRuns: 1 });
    return JSON.parse(JSON.stringify(made).replaceAll(UUID, id));
  };
  const sent = {
    params: make(route.params, true),
    query: make(route.query, false),
    body: make(route.body, seed % 5 < 3),
  };
  // What is made of one schema is not always valid by its refinements; then the call is refused before any statement.
  const call = callers[seed % 2 === 0 ? 0 : 1];
  return call(route, seed % 3 === 0 ? operatorFor(party.tenantId) : holderOf(party), sent);
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

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
  // The operator who acts for both is no secret of either.
  return [...new Set(uuids)].filter((id) => id !== operatorFor(null).person_id);
}

/** The ids that routes are asked for: one of each table. */
async function primaryKeysOf(party: Party): Promise<string[]> {
  const rows = JSON.parse(await contentsOf(party)) as { readonly name: string; readonly row: string }[]; // as written above
  const ids = new Map(rows.map(({ name, row }) => [name, (JSON.parse(row) as { readonly id?: string }).id]));
  return [...new Set(ids.values())].filter((id) => id !== undefined);
}

const step = fc.record({
  name: fc.constantFrom(...Object.keys(CALLS), ...MANAGED.keys()),
  seed: fc.nat(),
  at: fc.constantFrom(0, 1),
  pick: fc.nat(),
  withForeignKey: fc.boolean(),
  epoch: fc.integer({ min: 1, max: 3 }),
});

describe('two tenants whose calls are interleaved', () => {
  it('get no row and no id of each other, and change nothing of each other', async () => {
    const answered = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        for (const { name, seed, at, pick, withForeignKey, epoch } of steps) {
          const [party, other] = at === 0 ? parties : [parties[1], parties[0]];
          const ids = [...party.ids, ...other.ids, uuidv7()];
          const given: Call = {
            ...{ party, tenant_id: party.tenantId, epoch, fresh: uuidv7() },
            ...{ id: ids[pick % ids.length]!, keyId: (withForeignKey ? other : party).keyId },
          };
          const before = await contentsOf(other);
          // An id that a party has made up of another's, or is asked for, is no secret to it.
          const known = new Set([...(await idsOf(party)), given.id, given.keyId]);
          const foreign = (await idsOf(other)).filter((id) => !known.has(id));
          const managed = MANAGED.get(name);
          const answer = await (managed === undefined ? CALLS[name]!(given) : callManaged(managed, given, seed)).then(
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
      { numRuns: 6 },
    );
    // Calls must have done something, or the property says nothing.
    expect(answered.size).toBeGreaterThan(3);
  });

  it('reach nothing of each other by any id, through any route of the management API', async () => {
    const [party, other] = parties;
    const foreign = await idsOf(other);
    const before = await contentsOf(other);
    const ids = await primaryKeysOf(other);
    for (const [name, route] of MANAGED) {
      for (const id of ids) {
        const given: Call = { ...{ party, tenant_id: party.tenantId, epoch: 1, fresh: uuidv7() }, id, keyId: id };
        // Even: with the policies. Odd: by the predicates alone.
        for (const seed of [0, 1]) {
          const answer = await callManaged(route, given, seed).then(JSON.stringify, String);
          const leaked = foreign.filter((each) => each !== id && answer.includes(each));
          expect([name, id, leaked]).toEqual([name, id, []]);
        }
      }
    }
    expect(await contentsOf(other)).toBe(before);
  });

  it('are asked through every function of the stores', () => {
    const functions = Object.entries(stores).flatMap(([store, methods]) =>
      Object.keys(methods).map((method) => `${store}.${method}`),
    );
    expect(Object.keys(CALLS).toSorted()).toEqual(functions.toSorted());
  });
});
