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
describe('project routes', () => {
  it('create, read and rename a project at the If-Match version, with one audit event per change', async () => {
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

  it('create a project once per Idempotency-Key', async () => {
    const asking: Caller = { ...owner, idempotency: { key: 'once', request_sha256: 'a'.repeat(64) } };
    const made = await call(create, asking, { body: { name: 'Once' } });
    expect(await call(create, asking, { body: { name: 'Once' } })).toEqual({ ...made, replayed: true });
  });

  it('reject the name of another project of the tenant that is not archived', async () => {
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

  it('list projects by state and order, in pages that stay stable while projects are added', async () => {
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

  it('reject new keys for an archived project, and keep the time at which it was archived', async () => {
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

  it('reject a key that is requested while its project is being archived', async () => {
    const id = await add('Closing');
    await db.sql('BEGIN');
    await db.sql('UPDATE projects SET archived_at = now() WHERE id = $1', [id]);
    const requested = Promise.allSettled([
      call(internalRoutes.apiKeys.store, owner, { body: { ...newKey(), project_id: id } }),
    ]);
    await Promise.race([requested, waitForWaiting(db, 1)]).finally(() => db.sql('COMMIT'));
    expect(await requested).toMatchObject([{ status: 'rejected', reason: { code: 'CONFLICT', param: 'project_id' } }]);
  });

  it('hide projects of one tenant from others, which can neither change them nor create keys for them', async () => {
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
