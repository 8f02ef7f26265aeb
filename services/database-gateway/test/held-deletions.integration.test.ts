import { PUBLIC_ROUTES, internalRoute, type Caller, type HoldScope, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { createStrayObjectStore } from '../src/files/stray-object-store.ts';
import { addMember } from './support/fixtures.ts';
import { createManagement, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

/** Creates a tenant with two owners, and a project with a key of the second of them. */
async function setUp() {
  const tenant = await createTestTenant(db.database);
  const [owner, person] = [await addMember(db.database, tenant), await addMember(db.database, tenant)];
  const { id: project } = (await call(internalRoute(routes.projects.create), owner, { body: { name: 'Project' } }))
    .answer;
  const body = { ...newKey(), project_id: project, user_id: person.person_id };
  const { id: apiKey } = (await call(internalRoutes.apiKeys.store, operatorFor(tenant.tenantId), { body })).answer;
  return {
    tenantId: tenant.tenantId,
    owner,
    ids: { tenant: tenant.tenantId, user: person.person_id, project, apiKey },
  };
}
type Party = Awaited<ReturnType<typeof setUp>>;

/** A resource that can be deleted, with the resources that it belongs to. */
interface Deletable {
  readonly remove: (caller: Caller) => Promise<unknown>;
  readonly within: Partial<Record<HoldScope, string>>;
}

async function addBudget({ owner }: Party, subject: { project_id?: string; api_key_id?: string }) {
  const body = { ...subject, effective_from: '2026-12-01', limit_micro_usd: 1 };
  const params = { budget_id: (await call(internalRoute(routes.budgets.create), owner, { body })).answer.id };
  return (caller: Caller) => call(internalRoute(routes.budgets.delete), caller, { params });
}

async function addFile({ tenantId, owner, ids }: Party): Promise<Deletable> {
  const id = uuidv7();
  const object_key = `files/${tenantId}/${id}`;
  const strays = createStrayObjectStore(db.database);
  await strays.announce({ tenant_id: tenantId, object_key, project_id: ids.project, remove_after_ms: 60_000 });
  const query = { name: 'notes.txt', project_id: ids.project };
  await call(internalRoutes.files.store, owner, {
    query,
    body: { id, object_key, content_type: 'text/plain', bytes: 1, sha256: 'ab'.repeat(32) },
  });
  const remove = (caller: Caller) => call(internalRoute(routes.files.delete), caller, { params: { file_id: id } });
  return { remove, within: { tenant: ids.tenant, project: ids.project, file: id } };
}

async function findMembership({ tenantId, ids }: Party): Promise<Deletable> {
  const rows = await db.sql<{ id: string }>('SELECT id FROM memberships WHERE tenant_id = $1 AND user_id = $2', [
    tenantId,
    ids.user,
  ]);
  const params = { membership_id: rows[0]?.id ?? '' };
  const remove = (caller: Caller) => call(internalRoute(routes.memberships.delete), caller, { params });
  return { remove, within: { tenant: ids.tenant, user: ids.user } };
}

async function addProvider({ owner, ids }: Party): Promise<Deletable> {
  const body = { id: uuidv7(), name: 'main', kind: 'anthropic' as const, sealed_credentials: null };
  await call(internalRoutes.providers.store, owner, { body });
  const params = { provider_id: body.id };
  const remove = (caller: Caller) => call(internalRoute(routes.providers.delete), caller, { params });
  return { remove, within: { tenant: ids.tenant } };
}

/** Deletable resources with the route that deletes them. */
const DELETABLES: readonly (readonly [route: string, what: string, make: (party: Party) => Promise<Deletable>])[] = [
  ['deleteFile', 'a file of a project', addFile],
  ['deleteMembership', 'a membership, and with it the person', findMembership],
  ['deleteProvider', 'a provider', addProvider],
  [
    'deleteBudget',
    'a budget of the tenant',
    async (party) => ({ remove: await addBudget(party, {}), within: { tenant: party.ids.tenant } }),
  ],
  [
    'deleteBudget',
    'a budget of a project',
    async (party) => {
      const { tenant, project } = party.ids;
      return { remove: await addBudget(party, { project_id: project }), within: { tenant, project } };
    },
  ],
  [
    'deleteBudget',
    "a budget of a person's key of a project",
    async (party) => {
      const { tenant, project, user, apiKey: api_key } = party.ids;
      return { remove: await addBudget(party, { api_key_id: api_key }), within: { tenant, project, user, api_key } };
    },
  ],
];

const hold = async ({ owner }: Party, scope: HoldScope, scope_id: string) =>
  (await call(internalRoute(routes.legalHolds.place), owner, { body: { scope, scope_id, ground: 'tax' } })).answer.id;
const actionsOf = async ({ tenantId }: Party) =>
  (
    await db.sql<{ action: string }>(
      `SELECT action FROM audit_events WHERE tenant_id = $1 AND action LIKE '%.deleted' ORDER BY seq`,
      [tenantId],
    )
  ).map(({ action }) => action);

describe('deletion', () => {
  it('is covered by these tests on every route that deletes a resource', () => {
    const routes = PUBLIC_ROUTES.filter(({ method, response }) => method === 'DELETE' && response.json === undefined);
    expect([...new Set(DELETABLES.map(([route]) => route))].toSorted()).toEqual(
      routes.map(({ name }) => name).toSorted(),
    );
  });

  it.each(DELETABLES)(
    'by %s of %s is rejected under a hold on each resource that it belongs to',
    async (_route, _what, make) => {
      const { within } = await make(await setUp());
      // The keys of the object are scopes.
      for (const scope of Object.keys(within) as HoldScope[]) {
        const party = await setUp();
        const deletable = await make(party);
        const id = await hold(party, scope, deletable.within[scope] ?? '');
        for (const caller of [party.owner, operatorFor(party.tenantId)]) {
          await expect(deletable.remove(caller)).rejects.toMatchObject({
            code: 'CONFLICT',
            message: expect.stringContaining(`the legal hold ${id}`),
          });
        }
        expect([scope, await actionsOf(party)]).toEqual([scope, []]);
        await db.sql(
          `UPDATE legal_holds SET release_requested_by = $2, release_requested_at = now(), released_by = $3,
           released_at = now() WHERE id = $1`,
          [id, uuidv7(), uuidv7()],
        );
        expect(await deletable.remove(party.owner)).toMatchObject({ answer: null });
      }
    },
  );

  it.each(DELETABLES)('by %s of %s succeeds under holds on other resources', async (_route, _what, make) => {
    const [party, stranger] = [await setUp(), await setUp()];
    const { remove } = await make(party);
    const other = await addMember(db.database, { tenantId: party.tenantId, keyId: party.ids.apiKey });
    await hold(party, 'user', other.person_id);
    await hold(stranger, 'tenant', stranger.tenantId);
    expect(await remove(party.owner)).toMatchObject({ answer: null });
    expect((await actionsOf(party)).length).toBeGreaterThan(0);
  });

  it('of a person and a concurrent hold on the person never both take effect', async () => {
    for (let round = 0; round < 6; round += 1) {
      const party = await setUp();
      const { remove } = await findMembership(party);
      const [held, removed] = await Promise.allSettled([hold(party, 'user', party.ids.user), remove(party.owner)]);
      // A person who was removed leaves a key behind, so the hold succeeds; a person under a hold is not removed.
      expect(held.status).toBe('fulfilled');
      const [kept] = await db.sql('SELECT 1 FROM users WHERE id = $1', [party.ids.user]);
      expect(kept === undefined).toBe(removed.status === 'fulfilled');
    }
  });
});
