import { ROLE_SCOPES, internalRoute, type Caller, type Role, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { findKeyHolder } from '../src/keys/find-key-holder.ts';
import { createManagement, holderOf, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';
import { waitForWaiting } from './support/wait-for-waiting.ts';

const users = {
  list: internalRoute(routes.users.list),
  create: internalRoute(routes.users.create),
  read: internalRoute(routes.users.get),
};
const updateName = internalRoute(routes.users.update);
const memberships = { list: internalRoute(routes.memberships.list), read: internalRoute(routes.memberships.get) };
const [add, setRole, deleteMembership] = [
  internalRoute(routes.memberships.create),
  internalRoute(routes.memberships.update),
  internalRoute(routes.memberships.delete),
];

let db: MigratedDatabase;
let call: CallManagement;
let tenant: Awaited<ReturnType<typeof createTestTenant>>;
/** Callers with keys of all scopes, of two tenants. */
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

const invite = async (role: Role, { caller = owner, email = `${uuidv7()}@example.com` } = {}) =>
  (await call(users.create, caller, { body: { email, name: 'Ada', role } })).answer;
const assign = (id: string, role: Role, caller = owner) =>
  call(setRole, caller, { params: { membership_id: id }, body: { role } });
const remove = (id: string, caller = owner) => call(deleteMembership, caller, { params: { membership_id: id } });
const join = (userId: string, role: Role, caller: Caller) =>
  call(add, operatorFor(caller.tenant_id), {
    params: { tenant_id: caller.tenant_id ?? '' },
    body: { user_id: userId, role },
  });
const makeKeyFor = async (userId: string) => {
  const body = { ...newKey(), user_id: userId };
  return (await call(internalRoutes.apiKeys.store, operatorFor(owner.tenant_id), { body })).answer;
};
const countUsers = async (id: string) => (await db.sql('SELECT 1 FROM users WHERE id = $1', [id])).length;
const deletionsOf = (id: string) =>
  db.sql(`SELECT tenant_id, actor, target_type FROM audit_events WHERE action = 'user.deleted' AND target_id = $1`, [
    id,
  ]);
const ownersOf = async () =>
  (await db.sql(`SELECT id FROM memberships WHERE tenant_id = $1 AND role = 'owner'`, [tenant.tenantId])).length;
const rejections = (settled: PromiseSettledResult<unknown>[]) =>
  settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as { code: string }] : []));

/**
 * Sends requests so that all have started, and have passed their checks without a lock, before one can commit: each change
 * waits for the lock of its tenant's audit chain.
 */
async function sendConcurrently(send: () => readonly Promise<unknown>[]): Promise<PromiseSettledResult<unknown>[]> {
  await db.sql('BEGIN');
  await db.sql('SELECT 1 FROM audit_heads WHERE chain_id = $1 FOR UPDATE', [tenant.tenantId]);
  const requests = send();
  const settled = Promise.allSettled(requests);
  await waitForWaiting(db, requests.length).finally(() => db.sql('COMMIT'));
  return settled;
}

describe('person', () => {
  it('is created with a role, with one audit event for each of both', async () => {
    const made = await call(users.create, owner, {
      body: { email: 'Ada@example.com', name: 'Ada', role: 'member' },
    });
    const { id, membership_id } = made.answer;
    expect(made.answer).toMatchObject({ email: 'Ada@example.com', name: 'Ada', role: 'member' });
    expect(await call(users.read, owner, { params: { user_id: id } })).toEqual(made);
    const { answer } = await call(memberships.read, owner, { params: { membership_id } });
    expect(answer).toMatchObject({ tenant_id: tenant.tenantId, user_id: id, role: 'member' });
    const events = await db.sql(
      'SELECT actor, action, target_id FROM audit_events WHERE target_id IN ($1, $2) ORDER BY seq',
      [id, membership_id],
    );
    expect(events).toEqual([
      { actor: owner.actor, action: 'user.created', target_id: id },
      { actor: owner.actor, action: 'membership.created', target_id: membership_id },
    ]);
  });

  it('is created once per Idempotency-Key', async () => {
    const asking: Caller = { ...owner, idempotency: { key: 'once', request_sha256: 'a'.repeat(64) } };
    const body = { email: 'once@example.com', name: 'Once', role: 'member' as const };
    const made = await call(users.create, asking, { body });
    expect(await call(users.create, asking, { body })).toEqual({ ...made, replayed: true });
  });

  it('cannot have the address of another member of the tenant, also in concurrent requests', async () => {
    const attempts = await sendConcurrently(() =>
      ['x@example.com', 'X@example.com', 'x@EXAMPLE.com'].map((email) => invite('member', { email })),
    );
    expect(rejections(attempts)).toMatchObject([
      { code: 'CONFLICT', param: 'email' },
      { code: 'CONFLICT', param: 'email' },
    ]);
    const twin = await invite('member', { caller: stranger, email: 'x@example.com' });
    await expect(join(twin.id, 'member', owner)).rejects.toMatchObject({ code: 'CONFLICT', param: 'email' });
    expect((await call(memberships.list, owner)).answer.data).toHaveLength(1);
  });

  it('cannot have the address of a person whom the operator adds concurrently', async () => {
    const twin = await invite('member', { caller: stranger, email: 'x@example.com' });
    const attempts = await sendConcurrently(() => [
      join(twin.id, 'member', owner),
      invite('member', { email: 'x@example.com' }),
    ]);
    expect(rejections(attempts)).toMatchObject([{ code: 'CONFLICT', param: 'email' }]);
  });

  it('is renamed at the If-Match version, which also changes with the role', async () => {
    const { id, membership_id } = await invite('member');
    const params = { user_id: id };
    const rename = (name: string, if_match: number) =>
      call(updateName, { ...owner, if_match }, { params, body: { name } });
    const { version } = await call(users.read, owner, { params });
    const renamed = await rename('Grace', version ?? 0);
    expect(renamed.answer).toMatchObject({ id, name: 'Grace', role: 'member' });
    await expect(rename('Lost', version ?? 0)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await assign(membership_id, 'auditor');
    await expect(rename('Lost', renamed.version ?? 0)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect((await call(users.read, owner, { params })).answer).toMatchObject({ name: 'Grace', role: 'auditor' });
    expect(
      await db.sql(`SELECT 1 FROM audit_events WHERE action = 'user.updated' AND target_id = $1`, [id]),
    ).toHaveLength(1);
  });

  it('is renamed only by keys with every scope of the role, and by the person', async () => {
    const { id } = await invite('owner');
    const rename = (caller: Caller) => call(updateName, caller, { params: { user_id: id }, body: { name: 'Grace' } });
    const admin = { ...owner, scopes: [...ROLE_SCOPES.admin] };
    await expect(rename(admin)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', param: 'user_id' });
    for (const caller of [owner, { ...admin, person_id: id }, operatorFor(tenant.tenantId)]) await rename(caller);
  });

  it('in several tenants is renamed by the person or the operator, and by neither tenant alone', async () => {
    const { id } = await invite('member');
    const rename = (caller: Caller) => call(updateName, caller, { params: { user_id: id }, body: { name: 'Grace' } });
    await rename(owner);
    const other = await join(id, 'member', stranger);
    for (const caller of [owner, stranger]) {
      await expect(rename(caller)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', param: 'user_id' });
    }
    await rename({ ...owner, person_id: id });
    await rename(operatorFor(tenant.tenantId));
    await remove(other.answer.id, stranger);
    await rename(owner);
  });

  it('is listed by role, address and order, in pages that stay stable while people are added', async () => {
    for (const [at, role] of (['owner', 'member', 'auditor', 'member'] as const).entries()) {
      await invite(role, { email: `p${at}@example.com` });
    }
    const listed = async (query: { role?: Role; email?: string; order?: 'asc' }) =>
      (await call(users.list, owner, { query })).answer.data.map(({ email }) => email[1]).join('');
    expect(await listed({})).toBe('3210');
    expect(await listed({ order: 'asc' })).toBe('0123');
    expect(await listed({ role: 'member' })).toBe('31');
    expect(await listed({ email: 'P2@example.com' })).toBe('2');
    expect(await listed({ email: 'p%@example.com' })).toBe('');
    const { answer: first } = await call(users.list, owner, { query: { limit: 3 } });
    await invite('auditor');
    const rest = await call(users.list, owner, { query: { limit: 3, cursor: first.next_cursor ?? '' } });
    expect(rest.answer).toMatchObject({ data: [{ email: 'p0@example.com' }], next_cursor: null });
  });

  it('is hidden from other tenants, which can neither change nor remove the person', async () => {
    const { id, membership_id } = await invite('member');
    const missing = { code: 'NOT_FOUND' };
    const params = { user_id: id };
    await expect(call(users.read, stranger, { params })).rejects.toMatchObject(missing);
    await expect(call(updateName, stranger, { params, body: { name: 'x' } })).rejects.toMatchObject(missing);
    await expect(call(memberships.read, stranger, { params: { membership_id } })).rejects.toMatchObject(missing);
    await expect(assign(membership_id, 'auditor', stranger)).rejects.toMatchObject(missing);
    await expect(remove(membership_id, stranger)).rejects.toMatchObject(missing);
    expect((await call(users.list, stranger)).answer.data).toEqual([]);
    expect((await call(memberships.list, stranger)).answer.data).toEqual([]);
    expect((await call(users.read, owner, { params })).answer).toMatchObject({ name: 'Ada', role: 'member' });
  });

  it('is added to another tenant only by the operator, once', async () => {
    const { id } = await invite('member');
    const body = { user_id: id, role: 'auditor' as const };
    const params = { tenant_id: stranger.tenant_id ?? '' };
    await expect(call(add, stranger, { params, body })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const joined = await join(id, 'auditor', stranger);
    expect(joined.answer).toMatchObject({ tenant_id: stranger.tenant_id, user_id: id, role: 'auditor' });
    expect((await call(users.read, stranger, { params: { user_id: id } })).answer.role).toBe('auditor');
    await expect(join(id, 'member', stranger)).rejects.toMatchObject({ code: 'CONFLICT', param: 'user_id' });
    await expect(join(uuidv7(), 'member', stranger)).rejects.toMatchObject({ code: 'NOT_FOUND', param: 'user_id' });
  });
});

describe('membership', () => {
  it('is listed by role, person and order, in pages that stay stable while members are added', async () => {
    const people = [await invite('owner'), await invite('member'), await invite('member')];
    const listed = async (query: { role?: Role; user_id?: string; order?: 'asc' }) =>
      (await call(memberships.list, owner, { query })).answer.data.map(({ id }) =>
        people.findIndex(({ membership_id }) => membership_id === id),
      );
    expect(await listed({})).toEqual([2, 1, 0]);
    expect(await listed({ order: 'asc' })).toEqual([0, 1, 2]);
    expect(await listed({ role: 'member' })).toEqual([2, 1]);
    expect(await listed({ user_id: people[1]?.id ?? '' })).toEqual([1]);
    const { answer: first } = await call(memberships.list, owner, { query: { limit: 2 } });
    await invite('auditor');
    const rest = await call(memberships.list, owner, { query: { limit: 2, cursor: first.next_cursor ?? '' } });
    expect(rest.answer).toMatchObject({ data: [{ role: 'owner' }], next_cursor: null });
  });
});

describe('role', () => {
  const admin = (): Caller => ({ ...owner, scopes: [...ROLE_SCOPES.admin] });

  it('is assigned, changed and removed only by callers with all of its scopes', async () => {
    const [boss, colleague] = [await invite('owner'), await invite('admin')];
    await invite('owner');
    const denied = { code: 'PERMISSION_DENIED', param: 'role' };
    await expect(invite('owner', { caller: admin() })).rejects.toMatchObject(denied);
    await expect(assign(colleague.membership_id, 'owner', admin())).rejects.toMatchObject(denied);
    await expect(assign(boss.membership_id, 'member', admin())).rejects.toMatchObject(denied);
    await expect(remove(boss.membership_id, admin())).rejects.toMatchObject(denied);
    expect(await ownersOf()).toBe(2);
    await assign(colleague.membership_id, 'auditor', admin());
    await remove(colleague.membership_id, admin());
    expect((await invite('admin', { caller: admin() })).role).toBe('admin');
  });

  it('changes at the If-Match version, with one audit event', async () => {
    const { membership_id: id } = await invite('member');
    const changed = await assign(id, 'admin', { ...owner, if_match: 1 });
    expect(changed).toMatchObject({ version: 2, answer: { role: 'admin' } });
    const stale = { ...owner, if_match: 1 };
    await expect(assign(id, 'member', stale)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(remove(id, stale)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    const events = await db.sql('SELECT action FROM audit_events WHERE target_id = $1 ORDER BY seq', [id]);
    expect(events.map(({ action }) => String(action))).toEqual(['membership.created', 'membership.updated']);
  });

  it('of the last owner can be neither changed nor removed by anyone', async () => {
    const { membership_id: id } = await invite('owner');
    for (const caller of [owner, operatorFor(tenant.tenantId)]) {
      await expect(assign(id, 'admin', caller)).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(remove(id, caller)).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect((await assign(id, 'owner')).answer.role).toBe('owner');
    const second = await invite('owner');
    expect((await assign(id, 'admin')).answer.role).toBe('admin');
    await expect(remove(second.membership_id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['demoted', (id: string) => assign(id, 'member'), (id: string) => assign(id, 'auditor')],
    ['removed', (id: string) => remove(id), (id: string) => remove(id)],
    ['demoted and removed', (id: string) => assign(id, 'member'), (id: string) => remove(id)],
  ])('of owner remains with one of two owners who are %s concurrently', async (_what, endFirst, endSecond) => {
    const [first, second] = [await invite('owner'), await invite('owner')];
    const attempts = await sendConcurrently(() => [endFirst(first.membership_id), endSecond(second.membership_id)]);
    expect(rejections(attempts)).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await ownersOf()).toBe(1);
  });
});

describe('deletion of a membership', () => {
  it("revokes the person's keys in the tenant, with one audit event each, and no others", async () => {
    const [leaver, stayer] = [await invite('member'), await invite('member')];
    const [first, second, kept] = [
      await makeKeyFor(leaver.id),
      await makeKeyFor(leaver.id),
      await makeKeyFor(stayer.id),
    ];
    expect(await findKeyHolder(db.database, first.prefix)).toMatchObject({ role: 'member', revoked_at: null });
    expect((await remove(leaver.membership_id)).answer).toBeNull();
    for (const { prefix } of [first, second]) {
      const { role, revoked_at } = await findKeyHolder(db.database, prefix);
      expect([role, revoked_at]).toEqual([null, expect.any(String)]);
    }
    expect(await findKeyHolder(db.database, kept.prefix)).toMatchObject({ role: 'member', revoked_at: null });
    const events = await db.sql<{ target_id: string }>(
      `SELECT target_id FROM audit_events WHERE tenant_id = $1 AND action = 'api_key.revoked' AND actor = $2`,
      [tenant.tenantId, owner.actor],
    );
    expect(events.map(({ target_id }) => target_id).toSorted()).toEqual([first.id, second.id].toSorted());
    const ended = await db.sql(`SELECT 1 FROM audit_events WHERE action = 'membership.deleted' AND target_id = $1`, [
      leaver.membership_id,
    ]);
    expect(ended).toHaveLength(1);
    await expect(remove(leaver.membership_id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(makeKeyFor(leaver.id)).rejects.toMatchObject({ code: 'NOT_FOUND', param: 'user_id' });
  });

  it('revokes or prevents a key that is created concurrently', async () => {
    const { id, membership_id } = await invite('member');
    await Promise.allSettled<unknown>([makeKeyFor(id), remove(membership_id), makeKeyFor(id)]);
    expect(await db.sql('SELECT 1 FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL', [id])).toEqual([]);
  });

  it('deletes the person with the last membership only', async () => {
    const { id, membership_id } = await invite('member');
    const other = await join(id, 'member', stranger);
    await remove(membership_id);
    expect([await countUsers(id), await deletionsOf(id)]).toEqual([1, []]);
    expect((await call(users.read, stranger, { params: { user_id: id } })).answer.role).toBe('member');
    await remove(other.answer.id, stranger);
    const event = { tenant_id: stranger.tenant_id, actor: stranger.actor, target_type: 'user' };
    expect([await countUsers(id), await deletionsOf(id)]).toEqual([0, [event]]);
  });

  it('deletes a person whom all tenants remove concurrently, and keeps one who is added meanwhile', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, membership_id } = await invite('member');
      const other = await join(id, 'member', stranger);
      await Promise.all([remove(membership_id), remove(other.answer.id, stranger)]);
      expect([await countUsers(id), await deletionsOf(id)]).toEqual([0, [expect.anything()]]);

      const moving = await invite('member');
      const [added] = await Promise.allSettled([join(moving.id, 'member', stranger), remove(moving.membership_id)]);
      if (added.status === 'rejected') expect(added.reason).toMatchObject({ code: 'NOT_FOUND' });
      expect(await countUsers(moving.id)).toBe(added.status === 'fulfilled' ? 1 : 0);
    }
  });

  it('is the only way to delete a person: the schema owner can neither change nor delete a member', async () => {
    const { id } = await invite('member');
    const asOwner = (statement: string) =>
      db.sql(`SET ROLE aion_owner; ${statement}`).finally(() => db.sql('RESET ROLE'));
    await expect(asOwner(`UPDATE users SET name = 'x' WHERE id = '${id}'`)).rejects.toThrow(/row-level security/);
    await asOwner(`DELETE FROM users WHERE id = '${id}'`);
    expect(await countUsers(id)).toBe(1);
  });
});
