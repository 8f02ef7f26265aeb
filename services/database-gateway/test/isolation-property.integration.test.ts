import type { Route } from '@aion/contracts';
import { createArbitrary, toInputSchema } from '@aion/testkit';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { DATA_MAP } from '../src/data-map/data-map.ts';
import type { TableEntry } from '../src/data-map/table-entry.ts';
import { tenantPredicate } from '../src/database/tenant-predicate.ts';
import type { ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase } from '../src/database/database.ts';
import { createManagementRoutes } from '../src/create-management-routes.ts';
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
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';
import { createTenantStores, type TenantStores } from './support/walk/tenant-stores.ts';
import { walkAccounting } from './support/walk/walk-accounting.ts';
import { walkAccounts } from './support/walk/walk-accounts.ts';
import { walkLifecycle } from './support/walk/walk-lifecycle.ts';
import { readSnapshot, walkExports, walkGeneration, walkTrail } from './support/walk/walk-stores.ts';

/** Operations of the operator on the platform, or on a person of two tenants, which both can read. */
const OF_PLATFORM = /perator|Tenants$|createTenant$|initPlatform|createMembership$|SealingKeys|OutboxRow/;

interface Party {
  readonly tenantId: string;
  readonly keyId: string;
  /** Every id of the party's rows that a function accepts. */
  readonly ids: string[];
}

/** A call by a party, with ids that are its own or the other's. */
interface Call {
  readonly party: Party;
  readonly tenant_id: string;
  readonly id: string;
  readonly keyId: string;
  readonly epoch: number;
  /** Id of a new row. */
  readonly fresh: string;
}

let db: MigratedDatabase;
let exportsPool: ConnectionPool;
let parties: readonly [Party, Party];
let stores: TenantStores;
/** With the policies, and as the superuser, where only the predicates of the queries apply. */
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
    // A legal hold on the tenant would prevent every deletion.
    await db.sql('DELETE FROM legal_holds WHERE tenant_id = $1', [party.tenantId]);
    party.ids.push(await addGeneration(db.database, party), (await completeNewExport(db.database, party)).id);
  }
  stores = createTenantStores(db.database, exportsPool);
  superuserPool = createTestPool(db.superuserUrl);
  const withoutPolicies = createDatabase({ pool: superuserPool, metrics: noMetrics, logger: silentLogger });
  callers = [createManagement(db.database), createManagement(withoutPolicies)];
});
afterAll(async () => {
  await Promise.all([exportsPool.close(), superuserPool.close()]);
  await db.drop();
});

/** Every route of the management API that concerns a tenant, by its name. */
const MANAGED = new Map(
  // No statement runs before a route is called.
  createManagementRoutes(undefined as never, SETTINGS)
    .map(({ route }) => route)
    .filter(({ name }) => !OF_PLATFORM.test(name))
    .map((route) => [route.name, route]),
);

/** Functions that serve all tenants, and their callers. */
const OF_ALL: Readonly<Record<string, string>> = {
  'strayObjects.claim': 'returns ids and keys of objects of all tenants to their cleaner',
  'strayObjects.settle': 'receives the ids that the cleaner has deleted',
  'trail.listChains': 'the verifier looks at every chain',
};

const objectKeyOf = (tenantId: string, id: string) => `files/${tenantId}/${id}`;

/** Every function of the stores that concerns a tenant. */
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
  'snapshots.open': ({ tenant_id }) => readSnapshot(stores, tenant_id),
  'snapshots.readRows': ({ tenant_id }) => readSnapshot(stores, tenant_id),
  'strayObjects.announce': ({ tenant_id, id, fresh }) =>
    stores.strayObjects.announce({
      tenant_id,
      object_key: objectKeyOf(tenant_id, fresh),
      project_id: id,
      remove_after_ms: 60_000,
    }),
  // With the object of either party.
  'strayObjects.abandon': async ({ tenant_id, id }) => {
    for (const { tenantId } of parties) {
      await stores.strayObjects.abandon({ tenant_id, object_key: objectKeyOf(tenantId, id) });
    }
  },
  'downloads.record': ({ tenant_id, id }) => stores.downloads.record(tenant_id, id, 'signed-url'),
  'parked.release': ({ tenant_id, id }) => stores.parked.release(tenant_id, id),
  'keyUses.record': ({ tenant_id, keyId }) => stores.keyUses.record(tenant_id, keyId, true),
  'trail.readEvents': ({ tenant_id }) => stores.trail.readEvents(tenant_id, { after: 0n, until: null, limit: 1_000 }),
  'trail.readCheckpoints': ({ tenant_id }) => stores.trail.readCheckpoints(tenant_id, { after: 0n, limit: 1_000 }),
  'trail.countAnnouncedErasures': ({ tenant_id }) => stores.trail.countAnnouncedErasures(tenant_id),
  'trail.storeCheckpoint': ({ tenant_id, epoch }) =>
    stores.trail.storeCheckpoint({
      tenant_id,
      seq: epoch,
      hash: Buffer.alloc(32),
      signature: Buffer.alloc(64),
      keyId: 'k1',
    }),
};

const arbitraries = new Map<z.ZodType, Map<boolean, fc.Arbitrary<unknown>>>();

/** Arbitraries by schema; creating one takes longer than drawing from it. */
function valuesOf(schema: z.ZodType, complete: boolean): fc.Arbitrary<unknown> {
  const known = arbitraries.get(schema) ?? new Map<boolean, fc.Arbitrary<unknown>>();
  arbitraries.set(schema, known);
  const values = known.get(complete) ?? createArbitrary(toInputSchema(schema), { complete });
  known.set(complete, values);
  return values;
}

/** Calls a route of the management API with values of its schemas, in which the ids are replaced. */
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
  // Values of a schema are not always valid by its refinements; then the call is rejected before any statement.
  const call = callers[seed % 2 === 0 ? 0 : 1];
  return call(route, seed % 3 === 0 ? operatorFor(party.tenantId) : holderOf(party), sent);
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

const entries: [string, TableEntry][] = Object.entries(DATA_MAP);

/** Reads all rows of a party as the superuser. */
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

/** Collects every id in the rows of a party. */
async function idsOf(party: Party): Promise<string[]> {
  return idsIn(await contentsOf(party));
}

function idsIn(contents: string): string[] {
  const uuids = contents.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
  // The id of the operator who acts for both is known to both.
  return [...new Set(uuids)].filter((id) => id !== operatorFor(null).person_id);
}

/** Ids for the calls of routes: one of each table. */
async function primaryKeysOf(party: Party): Promise<string[]> {
  const rows = JSON.parse(await contentsOf(party)) as { readonly name: string; readonly row: string }[]; // as written above
  const ids = new Map(rows.map(({ name, row }) => [name, (JSON.parse(row) as { readonly id?: string }).id]));
  return [...new Set(ids.values())].filter((id) => id !== undefined);
}

/** Time limit for hundreds of calls, each with a comparison of all rows of a tenant. */
const TIMEOUT_MS = 180_000;

const step = fc.record({
  name: fc.constantFrom(...Object.keys(CALLS), ...MANAGED.keys()),
  seed: fc.nat(),
  at: fc.constantFrom(0 as const, 1 as const),
  pick: fc.nat(),
  withForeignKey: fc.boolean(),
  epoch: fc.integer({ min: 1, max: 3 }),
});

/** Seed of a failed run, to repeat its calls. */
const SEED = Number(process.env['AION_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
/** Multiplies the number of runs. */
const EFFORT = Number(process.env['AION_TEST_EFFORT'] ?? 1);
const BOTH = [0, 1] as const;
const partiesFrom = (at: 0 | 1) => [parties[at], parties[1 - at]!] as const;

/** Calls of a party that were answered with its own data: with the policies, and without them. */
const answered = {
  withPolicies: [new Set<string>(), new Set<string>()],
  without: [new Set<string>(), new Set<string>()],
};

/**
 * Runs a call of a party, and expects that neither an answer nor a rejection contains an id of the other that the party has
 * not sent, and that nothing of the other has changed.
 */
async function observe<T>(at: 0 | 1, name: string, named: readonly string[], run: () => Promise<T>): Promise<T> {
  const [party, other] = partiesFrom(at);
  const [own, before] = [await contentsOf(party), await contentsOf(other)];
  const call = run();
  const answered = await call.then(
    (value) => JSON.stringify(value ?? null, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)),
    (error: unknown) => `${String(error)} ${JSON.stringify(error)}`,
  );
  // An id that the party has derived from one of the other is known to it.
  const leaked = idsIn(before).filter((id) => answered.includes(id) && !named.includes(id) && !own.includes(id));
  expect([name, leaked]).toEqual([name, []]);
  expect([name, await contentsOf(other)]).toEqual([name, before]);
  return call;
}

/** Stores whose functions are observed, except those that serve all tenants and streams. */
function observeStores(at: 0 | 1, onAnswer: (name: string) => void): TenantStores {
  const observed = Object.entries(stores).map(([store, functions]) => [
    store,
    Object.fromEntries(
      Object.entries(functions).map(([name, run]: [string, (...args: unknown[]) => Promise<unknown>]) => {
        const full = `${store}.${name}`;
        if (OF_ALL[full] !== undefined || store === 'snapshots') return [name, run];
        const observedRun = async (...args: unknown[]): Promise<unknown> => {
          const value = await observe(at, full, [], () => run(...args));
          onAnswer(full);
          return value;
        };
        return [name, observedRun];
      }),
    ),
  ]);
  return Object.fromEntries(observed) as TenantStores; // the same names, with functions of the same types
}

/** Runs every operation of a tenant with its own data. */
async function walkAll(at: 0 | 1, policies: keyof typeof answered): Promise<void> {
  const [party] = partiesFrom(at);
  const done = answered[policies][at]!;
  const manage = callers[policies === 'withPolicies' ? 0 : 1];
  const call: CallManagement = async (route, caller, sent) => {
    const answer = await observe(at, route.name, [], () => manage(route, caller, sent));
    done.add(route.name);
    return answer;
  };
  const observed = observeStores(at, (name) => done.add(name));
  const walker = {
    tenantId: party.tenantId,
    keyId: party.keyId,
    call,
    operator: operatorFor(party.tenantId),
    owner: holderOf(party, undefined, { person_id: uuidv7() }),
  };
  const generationId = await walkGeneration(walker, observed);
  const { projectId, userId } = await walkAccounts(walker);
  await walkAccounting(walker, generationId, projectId);
  await walkLifecycle(walker, observed, { projectId, userId, generationId });
  await walkExports(walker, observed);
  await walkTrail(walker, observed, await park(party.tenantId));
  await observe(at, 'snapshots', [], () => readSnapshot(stores, party.tenantId));
  for (const name of ['snapshots.open', 'snapshots.readRows']) done.add(name);
}

/** Inserts a dead-lettered outbox row. */
async function park(tenantId: string): Promise<string> {
  const id = uuidv7();
  await db.sql(
    `INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier, parked_at, parked_reason, available_at)
     VALUES ($1, $2, $3, 'x', '{}', '{}', now(), 'refused', 'infinity')`,
    [id, tenantId, `parked-${id}`],
  );
  return id;
}

describe('isolation of two tenants', () => {
  it.each(BOTH)(
    'lets each read and change its own data, and nothing of the other (%i)',
    async (at) => {
      const names = [...MANAGED.keys(), ...Object.keys(CALLS)].toSorted();
      for (const policies of ['withPolicies', 'without'] as const) {
        await walkAll(at, policies);
        // Only answered calls prove anything. The stores are called again without policies.
        expect([...answered[policies][at]!].filter((name) => names.includes(name)).toSorted()).toEqual(names);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'returns no row or id of the other to interleaved calls, and changes nothing of the other',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
          for (const { name, seed, at, pick, withForeignKey, epoch } of steps) {
            const [party, other] = partiesFrom(at);
            const ids = [...party.ids, ...other.ids, uuidv7()];
            const given: Call = {
              party,
              tenant_id: party.tenantId,
              epoch,
              fresh: uuidv7(),
              id: ids[pick % ids.length]!,
              keyId: (withForeignKey ? other : party).keyId,
            };
            const managed = MANAGED.get(name);
            const run = () => (managed === undefined ? CALLS[name]!(given) : callManaged(managed, given, seed));
            // Most are rejected, which `observe` has checked.
            await observe(at, name, [given.id, given.keyId], run).catch(rethrowFailedExpectation);
          }
        }),
        // A later call depends on all previous ones, so shrinking is useless.
        { numRuns: 6 * EFFORT, seed: SEED, endOnFailure: true },
      );
    },
    TIMEOUT_MS * EFFORT,
  );

  it.each(BOTH)(
    'denies access to the other by any id, through any route of the management API (%i)',
    async (at) => {
      const [party, other] = partiesFrom(at);
      const foreign = await idsOf(other);
      const before = await contentsOf(other);
      const ids = await primaryKeysOf(other);
      for (const [name, route] of MANAGED) {
        for (const id of ids) {
          const given: Call = { party, tenant_id: party.tenantId, epoch: 1, fresh: uuidv7(), id, keyId: id };
          // Even: with the policies. Odd: with the predicates alone.
          for (const seed of [0, 1]) {
            const answer = await callManaged(route, given, seed).then(JSON.stringify, String);
            const leaked = foreign.filter((each) => each !== id && answer.includes(each));
            expect([name, id, leaked]).toEqual([name, id, []]);
          }
        }
      }
      expect(await contentsOf(other)).toBe(before);
    },
    TIMEOUT_MS,
  );

  it('is tested with every function of the stores', () => {
    const functions = Object.entries(stores).flatMap(([store, methods]) =>
      Object.keys(methods).map((method) => `${store}.${method}`),
    );
    expect([...Object.keys(CALLS), ...Object.keys(OF_ALL)].toSorted()).toEqual(functions.toSorted());
  });
});

/** Ignores rejections, which most calls expect, but not the failures of `observe`. */
function rethrowFailedExpectation(error: unknown): void {
  if (error instanceof Error && 'matcherResult' in error) throw error;
}
