import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { findOperatorByPrefix } from '../src/keys/find-key-holder.ts';
import { createManagement, holderOf, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

const platform = operatorFor(null);
const init = operatorFor(null, { actor: 'init', person_id: null });
const newOperator = () => {
  const { scopes: _scopes, ...operator } = newKey({ name: 'Operator' });
  return operator;
};

describe('first operator', () => {
  it('is created once, also by concurrent requests, with an event in the audit trail of the platform', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => call(internalRoutes.operators.storeFirst, init, { body: newOperator() })),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const rejected = attempts.filter(({ status }) => status === 'rejected');
    expect(rejected).toHaveLength(4);
    for (const rejection of rejected) expect(rejection).toMatchObject({ reason: { code: 'CONFLICT' } });
    const events = await db.sql(
      `SELECT actor, action, target_type, seq::int FROM audit_events WHERE tenant_id IS NULL`,
    );
    expect(events).toEqual([{ actor: 'init', action: 'operator.created', target_type: 'platform_operator', seq: 1 }]);
  });

  it('can be revoked only when another operator exists, and the secret of the installation stays without effect', async () => {
    const revoke = internalRoute(routes.operators.revoke);
    const { answer } = await call(internalRoute(routes.operators.list), platform);
    const [first] = answer.data;
    const params = { operator_id: first?.id ?? '' };
    await expect(call(revoke, platform, { params })).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = newOperator();
    await call(internalRoutes.operators.store, platform, { body: second });
    const revoked = await call(revoke, platform, { params });
    expect(revoked.answer.revoked_at).not.toBeNull();
    expect(await call(revoke, platform, { params })).toEqual(revoked);
    expect(await findOperatorByPrefix(db.database, first?.prefix ?? '')).toMatchObject({
      revoked_at: revoked.answer.revoked_at,
    });
    await expect(call(internalRoutes.operators.storeFirst, init, { body: newOperator() })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(call(revoke, platform, { params: { operator_id: second.id } })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });
});

describe('secret of the installation', () => {
  it('creates no operator while expired operators are not revoked, and creates one when all are revoked', async () => {
    await db.sql('UPDATE platform_operators SET expires_at = now() WHERE revoked_at IS NULL');
    const attempt = () => call(internalRoutes.operators.storeFirst, init, { body: newOperator() });
    await expect(attempt()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('key has expired'),
    });
    await db.sql('UPDATE platform_operators SET revoked_at = now() WHERE revoked_at IS NULL');
    expect((await attempt()).answer.revoked_at).toBeNull();
    await expect(attempt()).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('list of operators', () => {
  it('filters by key status and pages in both orders', async () => {
    const [live, expired, revoked] = [newOperator(), newOperator(), newOperator()];
    for (const body of [live, expired, revoked]) await call(internalRoutes.operators.store, platform, { body });
    await db.sql('UPDATE platform_operators SET expires_at = now() WHERE id IN ($1, $2)', [expired.id, revoked.id]);
    await db.sql('UPDATE platform_operators SET revoked_at = now() WHERE id = $1', [revoked.id]);
    const idsOf = async (query: object) =>
      (await call(internalRoute(routes.operators.list), platform, { query })).answer.data.map(({ id }) => id);
    const [oldest, ...others] = (await idsOf({})).toReversed();
    expect(await idsOf({ order: 'asc' })).toEqual([oldest, ...others]);
    expect((await idsOf({ status: 'live' }))[0]).toBe(live.id);
    expect(await idsOf({ status: 'expired' })).toEqual([expired.id]);
    expect((await idsOf({ status: 'revoked' }))[0]).toBe(revoked.id);
  });
});

describe('management route', () => {
  it('reports a conflict when the resource exists already', async () => {
    const twice = newOperator();
    await call(internalRoutes.operators.store, platform, { body: twice });
    await expect(call(internalRoutes.operators.store, platform, { body: twice })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('rejects a caller without a tenant when it concerns one', async () => {
    const rejected = call(internalRoute(routes.tenants.get), operatorFor(null), { params: { tenant_id: uuidv7() } });
    await expect(rejected).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('tenant', () => {
  it('is created with an audit event, listed by the operator and read by its own keys', async () => {
    const created = await call(internalRoute(routes.tenants.create), platform, {
      body: { name: 'Acme', store_content: false },
    });
    const { id } = created.answer;
    expect(created).toMatchObject({ version: 1, answer: { name: 'Acme', store_content: false, state: 'active' } });
    const events = await db.sql('SELECT actor, action, target_id FROM audit_events WHERE tenant_id = $1', [id]);
    expect(events).toEqual([{ actor: platform.actor, action: 'tenant.created', target_id: id }]);
    const { answer } = await call(internalRoute(routes.tenants.list), platform, { query: { limit: 1 } });
    expect(answer.data).toEqual([created.answer]);
    const holder = holderOf({ tenantId: id, keyId: uuidv7() });
    expect(await call(internalRoute(routes.tenants.get), holder, { params: { tenant_id: id } })).toEqual(created);
  });

  it('is listed by state, in both orders, page by page', async () => {
    const ids = [];
    for (let made = 0; made < 3; made += 1) ids.push((await createTestTenant(db.database)).tenantId);
    await db.sql(`UPDATE tenants SET state = 'closed' WHERE id = ANY ($1)`, [ids]);
    const page = async (query: object) => (await call(internalRoute(routes.tenants.list), platform, { query })).answer;
    const idsOf = async (query: object) => (await page({ state: 'closed', ...query })).data.map(({ id }) => id);
    expect(await idsOf({})).toEqual(ids.toReversed());
    expect(await idsOf({ order: 'asc' })).toEqual(ids);
    expect((await page({ order: 'asc' })).data[0]?.state).toBe('active');
    for (const order of ['asc', 'desc']) {
      const { next_cursor: cursor } = await page({ state: 'closed', order, limit: 2 });
      expect(await idsOf({ order, limit: 2, cursor })).toEqual([order === 'asc' ? ids[2] : ids[0]]);
    }
  });

  it('is made read-only only by the operator', async () => {
    const tenant = await createTestTenant(db.database);
    const params = { tenant_id: tenant.tenantId };
    const update = internalRoute(routes.tenants.update);
    const attempt = call(update, holderOf(tenant), { params, body: { state: 'read_only' } });
    await expect(attempt).rejects.toMatchObject({ code: 'PERMISSION_DENIED', param: 'state' });
    const named = await call(update, holderOf(tenant), { params, body: { name: 'Renamed' } });
    expect(named.answer).toMatchObject({ name: 'Renamed', state: 'active' });
    const closed = await call(update, operatorFor(tenant.tenantId), { params, body: { state: 'read_only' } });
    expect(closed.answer).toMatchObject({ name: 'Renamed', state: 'read_only' });
    await db.sql(`UPDATE tenants SET state = 'erasing' WHERE id = $1`, [tenant.tenantId]);
    const revival = call(update, operatorFor(tenant.tenantId), { params, body: { state: 'active' } });
    await expect(revival).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
