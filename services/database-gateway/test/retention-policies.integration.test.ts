import { internalRoute, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { WIDEST_BOUNDS } from '../src/retention/retention-bounds.ts';
import { createManagement, holderOf, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const [list, current, create] = [
  internalRoute(routes.retentionPolicies.list),
  internalRoute(routes.retentionPolicies.getCurrent),
  internalRoute(routes.retentionPolicies.create),
];
const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

/** Creates a tenant, and functions that set and read the retention of its class `content` as a person. */
async function setUp() {
  const tenant = await createTestTenant(db.database);
  const person = holderOf(tenant, undefined, { person_id: uuidv7() });
  const set = async (keep_days: number, effective_from?: string) => {
    const body = { retention_class: 'content' as const, keep_days, ...(effective_from ? { effective_from } : {}) };
    return (await call(create, person, { body })).answer;
  };
  const content = async () => {
    const { answer } = await call(current, person);
    return answer.data.find(({ retention_class: name }) => name === 'content');
  };
  return { tenant, person, set, content };
}

/** Moves the policies of a tenant an hour into the past. */
const age = (tenantId: string) =>
  db.sql(
    `UPDATE retention_policies SET created_at = created_at - interval '1 h', effective_from = effective_from - interval '1 h'
     WHERE tenant_id = $1`,
    [tenantId],
  );

describe('retention of a tenant', () => {
  it("has the operator's default in every class without a policy", async () => {
    const { person } = await setUp();
    const { answer } = await call(current, person);
    expect(answer.lowering_delay_days).toBe(7);
    expect(answer.data.map(({ retention_class: name }) => name)).toEqual(Object.keys(WIDEST_BOUNDS));
    for (const { retention_class: name, ...retention } of answer.data) {
      const { minDays, maxDays, defaultDays } = WIDEST_BOUNDS[name];
      expect(retention).toEqual({
        keep_days: defaultDays,
        source: 'default',
        policy: null,
        scheduled: [],
        bounds: { min_days: minDays, max_days: maxDays, default_days: defaultDays },
      });
    }
  });

  it('is raised immediately, reports the replaced policy, and leaves other classes unchanged', async () => {
    const { tenant, person, set, content } = await setUp();
    const first = await set(400);
    expect(first).toMatchObject({ keep_days: 400, set_by: person.person_id, withdrawn: [] });
    expect(first.replaces).toEqual({ keep_days: 365, policy: null });
    const { replaces: _replaces, withdrawn: _withdrawn, ...stored } = first;
    expect(await content()).toMatchObject({ keep_days: 400, source: 'tenant', policy: stored, scheduled: [] });
    const second = await set(500);
    expect(second.replaces).toEqual({ keep_days: 400, policy: stored });
    const { answer } = await call(current, person);
    expect(answer.data.filter(({ source }) => source === 'tenant')).toHaveLength(1);
    const events = await db.sql(
      `SELECT actor, target_id FROM audit_events WHERE tenant_id = $1 AND action = 'retention_policy.set' ORDER BY seq`,
      [tenant.tenantId],
    );
    expect(events).toEqual([first, second].map(({ id }) => ({ actor: person.actor, target_id: id })));
  });

  it('is lowered no earlier than after the delay, also relative to scheduled policies', async () => {
    const { set, content } = await setUp();
    await expect(set(30, inDays(6.9))).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'effective_from' });
    const lowered = await set(30);
    expect(Date.parse(lowered.effective_from) - Date.now()).toBeGreaterThan(6.99 * DAY_MS);
    expect(await content()).toMatchObject({ keep_days: 365, source: 'default', scheduled: [{ keep_days: 30 }] });
    // More than the scheduled 30 days, and less than the 365 that apply until then.
    await expect(set(60, inDays(6))).rejects.toMatchObject({ param: 'effective_from' });
    await set(60, inDays(8));
    await set(500, inDays(20));
    // Less than the 500 that apply by then, after the delay.
    expect(await set(70, inDays(21))).toMatchObject({ replaces: { keep_days: 500 } });
    expect((await content())?.scheduled.map(({ keep_days: days }) => days)).toEqual([30, 60, 500, 70]);
  });

  it('cannot be lowered soon after a scheduled policy that raises it', async () => {
    const { set } = await setUp();
    await set(500, inDays(1));
    await expect(set(400, inDays(2))).rejects.toMatchObject({ param: 'effective_from' });
    expect(await set(400, inDays(0.5))).toMatchObject({ withdrawn: [{ keep_days: 500 }] });
  });

  it('withdraws scheduled policies when a policy is set that begins before them', async () => {
    const { tenant, set, content } = await setUp();
    const scheduled = await set(30);
    await age(tenant.tenantId);
    const { id } = scheduled;
    expect(await set(365)).toMatchObject({ withdrawn: [{ id }], replaces: { keep_days: 365, policy: null } });
    expect(await content()).toMatchObject({ keep_days: 365, source: 'tenant', scheduled: [] });
  });

  it('rejects policies that begin in the past, begin at the same instant as another or exceed the bounds', async () => {
    const { person, set } = await setUp();
    const instant = inDays(30);
    await set(400, instant);
    await expect(set(500, instant)).rejects.toMatchObject({ code: 'CONFLICT', param: 'effective_from' });
    await expect(set(400, inDays(-0.01))).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'effective_from' });
    await expect(set(3_651)).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'keep_days' });
    const attempt = call(create, person, { body: { retention_class: 'audit', keep_days: 364 } });
    await expect(attempt).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'keep_days' });
  });

  it('respects bounds that became tighter after the policy was set', async () => {
    const { tenant, set } = await setUp();
    await set(1_000);
    const bounds = { ...WIDEST_BOUNDS, content: { minDays: 1, maxDays: 90, defaultDays: 30 } };
    const tighter = createManagement(db.database, { retention: { bounds, loweringDelayDays: 1 } });
    const { answer } = await tighter(current, operatorFor(tenant.tenantId));
    const content = answer.data.find(({ retention_class: name }) => name === 'content');
    expect(content).toMatchObject({ keep_days: 90, source: 'tenant', policy: { keep_days: 1_000 } });
  });

  it('is set by a person, not by a key without a person', async () => {
    const { tenant } = await setUp();
    const body = { retention_class: 'content' as const, keep_days: 400 };
    await expect(call(create, holderOf(tenant), { body })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('the key of a person'),
    });
    expect(await call(create, operatorFor(tenant.tenantId), { body })).toMatchObject({ answer: { keep_days: 400 } });
  });

  it('is never lowered without the delay by concurrent requests', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { set, content } = await setUp();
      await Promise.all([400, 600, 450, 500, 550].map((days) => set(days)));
      expect(await content()).toMatchObject({ keep_days: 600 });
    }
  });

  it('is listed with its complete history by class, page by page, without policies of other tenants', async () => {
    const { person, set } = await setUp();
    const ids = [(await set(400)).id, (await set(500)).id, (await set(600)).id];
    await call(create, person, { body: { retention_class: 'audit', keep_days: 1_000 } });
    const page = await call(list, person, { query: { retention_class: 'content', limit: 2 } });
    expect(page.answer.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const cursor = page.answer.next_cursor ?? '';
    const next = await call(list, person, { query: { retention_class: 'content', limit: 2, cursor } });
    expect(next.answer).toMatchObject({ data: [{ id: ids[0] }], next_cursor: null });
    const oldest = await call(list, person, { query: { order: 'asc', limit: 1 } });
    expect(oldest.answer.data).toMatchObject([{ id: ids[0] }]);
    const stranger = await setUp();
    expect((await call(list, stranger.person)).answer.data).toEqual([]);
    expect(await stranger.content()).toMatchObject({ source: 'default' });
  });
});
