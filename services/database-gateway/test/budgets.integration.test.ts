import { internalRoute, type Caller, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { createManagement, holderOf, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const [list, create, read, update, remove] = [
  internalRoute(routes.budgets.list),
  internalRoute(routes.budgets.create),
  internalRoute(routes.budgets.get),
  internalRoute(routes.budgets.update),
  internalRoute(routes.budgets.delete),
];
const MONTH = '2026-12-01';
type BudgetSubject = 'tenant' | 'project' | 'api_key';
interface Subject {
  readonly project_id?: string | null;
  readonly api_key_id?: string | null;
}

let db: MigratedDatabase;
let call: CallManagement;
let tenant: Awaited<ReturnType<typeof createTestTenant>>;
let owner: Caller;
let stranger: Caller;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
beforeEach(async () => {
  tenant = await createTestTenant(db.database);
  owner = holderOf(tenant);
  stranger = holderOf(await createTestTenant(db.database));
});
afterAll(() => db.drop());

interface BudgetOptions {
  readonly from?: string;
  readonly caller?: Caller;
  readonly limit?: number | null;
}
const set = (subject: Subject = {}, { from = MONTH, caller = owner, limit = 5_000_000 }: BudgetOptions = {}) =>
  call(create, caller, { body: { ...subject, effective_from: from, limit_micro_usd: limit } });
const addProject = async () =>
  (await call(internalRoute(routes.projects.create), owner, { body: { name: 'P' } })).answer.id;

describe('budget routes', () => {
  it('create budgets of the tenant, of a project or of a key, which begin with a month', async () => {
    const project_id = await addProject();
    for (const subject of [
      { project_id: null, api_key_id: null },
      { project_id, api_key_id: null },
      { project_id: null, api_key_id: tenant.keyId },
    ]) {
      const made = await set(subject);
      expect(made).toMatchObject({
        version: 1,
        answer: { tenant_id: tenant.tenantId, ...subject, effective_from: MONTH, limit_micro_usd: 5_000_000 },
      });
      expect(await call(read, owner, { params: { budget_id: made.answer.id } })).toEqual(made);
    }
    const largest = await set({}, { from: '2027-01-01', limit: Number.MAX_SAFE_INTEGER });
    expect(largest.answer.limit_micro_usd).toBe(Number.MAX_SAFE_INTEGER);
    expect((await set({}, { from: '2027-02-01', limit: null })).answer.limit_micro_usd).toBeNull();
  });

  it('reject a second budget of a subject and month with the id of the first, also in concurrent requests', async () => {
    const { id: first } = (await set()).answer;
    const other = { code: 'CONFLICT', param: 'effective_from', message: expect.stringContaining(first) };
    await expect(set()).rejects.toMatchObject(other);
    await set({ api_key_id: tenant.keyId });
    await expect(set({ api_key_id: tenant.keyId })).rejects.toMatchObject({ code: 'CONFLICT' });
    await set({}, { caller: stranger });
    const settled = await Promise.allSettled(Array.from({ length: 4 }, () => set({}, { from: '2027-01-01' })));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of settled) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    }
  });

  it('create a budget once per Idempotency-Key', async () => {
    const caller: Caller = { ...owner, idempotency: { key: 'once', request_sha256: 'a'.repeat(64) } };
    const made = await set({}, { caller });
    expect(await set({}, { caller })).toEqual({ ...made, replayed: true });
  });

  it.each([
    ['a begin in the middle of a month', { effective_from: '2026-12-02', limit_micro_usd: 1 }, 'effective_from'],
    ['a month that does not exist', { effective_from: '2026-13-01', limit_micro_usd: 1 }, 'effective_from'],
    ['a fractional limit', { effective_from: MONTH, limit_micro_usd: 0.5 }, 'limit_micro_usd'],
    ['a negative limit', { effective_from: MONTH, limit_micro_usd: -1 }, 'limit_micro_usd'],
  ])('reject %s', (_what, body, field) => {
    const { error } = routes.budgets.create.body?.safeParse(body) ?? {};
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });

  it('reject a budget of both a project and a key', async () => {
    const both = { project_id: await addProject(), api_key_id: tenant.keyId };
    await expect(set(both)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'api_key_id',
      fields: [{ pointer: '/api_key_id' }],
    });
  });

  it('reject projects and keys that the tenant does not have', async () => {
    const project_id = await addProject();
    for (const subject of [{ project_id: uuidv7() }, { api_key_id: uuidv7() }]) {
      const [param] = Object.keys(subject);
      await expect(set(subject)).rejects.toMatchObject({ code: 'NOT_FOUND', param });
    }
    for (const subject of [{ project_id }, { api_key_id: tenant.keyId }]) {
      await expect(set(subject, { caller: stranger })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('change and delete a budget at the If-Match version, with one audit event per change', async () => {
    const { id: budget_id } = (await set()).answer;
    const params = { budget_id };
    const limitTo = (limit: number | null, if_match: number) =>
      call(update, { ...owner, if_match }, { params, body: { limit_micro_usd: limit } });
    expect(await limitTo(0, 1)).toMatchObject({ version: 2, answer: { limit_micro_usd: 0, effective_from: MONTH } });
    const stale = { code: 'PRECONDITION_FAILED' };
    await expect(limitTo(7, 1)).rejects.toMatchObject(stale);
    await expect(call(remove, { ...owner, if_match: 1 }, { params })).rejects.toMatchObject(stale);
    expect((await call(update, owner, { params, body: {} })).answer.limit_micro_usd).toBe(0);
    expect((await limitTo(null, 3)).answer.limit_micro_usd).toBeNull();
    expect((await call(remove, { ...owner, if_match: 4 }, { params })).answer).toBeNull();
    await expect(call(read, owner, { params })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(call(remove, owner, { params })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const events = await db.sql<{ action: string }>(
      'SELECT action FROM audit_events WHERE target_id = $1 AND actor = $2 ORDER BY seq',
      [budget_id, owner.actor],
    );
    const updated = 'budget.updated';
    expect(events.map(({ action }) => action)).toEqual(['budget.created', updated, updated, updated, 'budget.deleted']);
    await set();
  });

  it('list budgets by project, key, kind of subject and order, in pages that stay stable while budgets are added', async () => {
    const project_id = await addProject();
    const ids: string[] = [];
    for (const subject of [{}, { project_id }, { api_key_id: tenant.keyId }, { project_id }]) {
      ids.push((await set(subject, { from: `2027-0${ids.length + 1}-01` })).answer.id);
    }
    const listed = async (query: {
      project_id?: string;
      api_key_id?: string;
      subject?: BudgetSubject;
      order?: 'asc';
    }) => (await call(list, owner, { query })).answer.data.map(({ id }) => ids.indexOf(id)).join('');
    expect(await listed({})).toBe('3210');
    expect(await listed({ order: 'asc' })).toBe('0123');
    expect(await listed({ project_id })).toBe('31');
    expect(await listed({ api_key_id: tenant.keyId })).toBe('2');
    expect(await listed({ subject: 'tenant' })).toBe('0');
    expect(await listed({ subject: 'project', order: 'asc' })).toBe('13');
    expect(await listed({ subject: 'api_key' })).toBe('2');
    const { answer: first } = await call(list, owner, { query: { limit: 3 } });
    await set({}, { from: '2028-01-01' });
    const rest = await call(list, owner, { query: { limit: 3, cursor: first.next_cursor ?? '' } });
    expect(rest.answer).toMatchObject({ data: [{ id: ids[0] }], next_cursor: null });
  });

  it('hide budgets of one tenant from others, which can neither change nor delete them', async () => {
    const { id: budget_id } = (await set()).answer;
    const params = { budget_id };
    const missing = { code: 'NOT_FOUND', message: `There is no budget ${budget_id}.` };
    await expect(call(read, stranger, { params })).rejects.toMatchObject(missing);
    await expect(call(update, stranger, { params, body: { limit_micro_usd: 1 } })).rejects.toMatchObject(missing);
    await expect(call(remove, stranger, { params })).rejects.toMatchObject(missing);
    expect((await call(list, stranger)).answer.data).toEqual([]);
    expect(await call(read, owner, { params })).toMatchObject({ version: 1 });
  });
});
