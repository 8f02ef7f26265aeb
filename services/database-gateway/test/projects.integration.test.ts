import { internalRoute, type Caller, routes, internalRoutes } from '@aion/contracts';
import { createManagement, holderOf, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';
import { waitForWaiting } from './support/wait-for-waiting.ts';

const [list, create, read, update] = [
  internalRoute(routes.projects.list),
  internalRoute(routes.projects.create),
  internalRoute(routes.projects.get),
  internalRoute(routes.projects.update),
];

let db: MigratedDatabase;
let call: CallManagement;
let owner: Caller;
let stranger: Caller;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
beforeEach(async () => {
  owner = holderOf(await createTestTenant(db.database));
  stranger = holderOf(await createTestTenant(db.database));
});
afterAll(() => db.drop());

const add = async (name: string, caller = owner): Promise<string> =>
  (await call(create, caller, { body: { name } })).answer.id;
const change = (id: string, body: { name?: string; archived?: boolean }, caller = owner) =>
  call(update, caller, { params: { project_id: id }, body });
describe("a tenant's projects", () => {
  it('are created, read and renamed at the version that If-Match names, each change with its event', async () => {
    const made = await call(create, owner, { body: { name: 'Search' } });
    const { id } = made.answer;
    expect(made).toMatchObject({
      version: 1,
      answer: { tenant_id: owner.tenant_id, name: 'Search', archived_at: null },
    });
    const renamed = await change(id, { name: 'Find' }, { ...owner, if_match: 1 });
    expect(renamed).toMatchObject({ version: 2, answer: { name: 'Find', archived_at: null } });
    await expect(change(id, { name: 'Lost' }, { ...owner, if_match: 1 })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    expect(await call(read, owner, { params: { project_id: id } })).toEqual(renamed);
    const events = await db.sql('SELECT actor, action FROM audit_events WHERE target_id = $1 ORDER BY seq', [id]);
    expect(events).toEqual([
      { actor: owner.actor, action: 'project.created' },
      { actor: owner.actor, action: 'project.updated' },
    ]);
  });

  it('are created once for an Idempotency-Key', async () => {
    const asking: Caller = { ...owner, idempotency: { key: 'once', request_sha256: 'a'.repeat(64) } };
    const made = await call(create, asking, { body: { name: 'Once' } });
    expect(await call(create, asking, { body: { name: 'Once' } })).toEqual({ ...made, replayed: true });
  });

  it('have names that no other live project of the tenant has', async () => {
    const taken = { code: 'CONFLICT', param: 'name' };
    const first = await add('Search');
    await expect(add('Search')).rejects.toMatchObject(taken);
    await add('Search', stranger);
    const second = await add('Other');
    await expect(change(second, { name: 'Search' })).rejects.toMatchObject(taken);
    await change(first, { archived: true });
    await change(second, { name: 'Search' });
    await expect(change(first, { archived: false })).rejects.toMatchObject(taken);
    expect(await change(first, { archived: false, name: 'Old' })).toMatchObject({
      answer: { name: 'Old', archived_at: null },
    });
  });

  it('are listed by state and order, page by page, however many are added meanwhile', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push(await add(name));
    await change(ids[1] ?? '', { archived: true });
    const listed = async (query: { archived?: 'true' | 'false'; order?: 'asc' | 'desc' }) => {
      const { answer } = await call(list, owner, { query });
      return answer.data.map(({ name }) => name).join('');
    };
    expect(await listed({})).toBe('dcba');
    expect(await listed({ order: 'asc' })).toBe('abcd');
    expect(await listed({ archived: 'true' })).toBe('b');
    expect(await listed({ archived: 'false', order: 'asc' })).toBe('acd');
    const { answer: page } = await call(list, owner, { query: { limit: 3 } });
    await add('e');
    const rest = await call(list, owner, { query: { limit: 3, cursor: page.next_cursor ?? '' } });
    expect(rest.answer).toMatchObject({ data: [{ name: 'a' }], next_cursor: null });
  });

  it('get no new keys once they are archived, and keep the time of it', async () => {
    const id = await add('Retired');
    const store = (caller: Caller) =>
      call(internalRoutes.apiKeys.store, caller, { body: { ...newKey(), project_id: id } });
    expect((await store(owner)).answer.project_id).toBe(id);
    const archived = await change(id, { archived: true });
    expect(archived.answer.archived_at).not.toBeNull();
    expect((await change(id, { archived: true })).answer.archived_at).toBe(archived.answer.archived_at);
    for (const caller of [owner, operatorFor(owner.tenant_id)]) {
      await expect(store(caller)).rejects.toMatchObject({ code: 'CONFLICT', param: 'project_id' });
    }
    await change(id, { archived: false });
    expect((await store(owner)).answer.project_id).toBe(id);
  });

  it('get no key that is asked for while they are being archived', async () => {
    const id = await add('Closing');
    await db.sql('BEGIN');
    await db.sql('UPDATE projects SET archived_at = now() WHERE id = $1', [id]);
    const asked = Promise.allSettled([
      call(internalRoutes.apiKeys.store, owner, { body: { ...newKey(), project_id: id } }),
    ]);
    await Promise.race([asked, waitForWaiting(db, 1)]).finally(() => db.sql('COMMIT'));
    expect(await asked).toMatchObject([{ status: 'rejected', reason: { code: 'CONFLICT', param: 'project_id' } }]);
  });

  it("are not another tenant's to see, to change or to make keys for", async () => {
    const id = await add('Private');
    const missing = { code: 'NOT_FOUND', message: `There is no project ${id}.` };
    await expect(call(read, stranger, { params: { project_id: id } })).rejects.toMatchObject(missing);
    await expect(change(id, { archived: true }, stranger)).rejects.toMatchObject(missing);
    const body = { ...newKey(), project_id: id };
    await expect(call(internalRoutes.apiKeys.store, stranger, { body })).rejects.toMatchObject({
      ...missing,
      param: 'project_id',
    });
    expect((await call(list, stranger)).answer.data).toEqual([]);
    expect(await call(read, owner, { params: { project_id: id } })).toMatchObject({ version: 1 });
  });
});
