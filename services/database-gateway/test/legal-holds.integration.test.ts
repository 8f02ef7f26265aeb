import { HOLD_SCOPES, internalRoute, type HoldScope, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { addGeneration, addMember, addOperator } from './support/fixtures.ts';
import { fillTables } from './support/fill-tenant.ts';
import { createManagement, holderOf, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';
import { waitForWaiting } from './support/wait-for-waiting.ts';

const [list, read, place, ask, release] = [
  internalRoute(routes.legalHolds.list),
  internalRoute(routes.legalHolds.get),
  internalRoute(routes.legalHolds.place),
  internalRoute(routes.legalHolds.requestRelease),
  internalRoute(routes.legalHolds.release),
];

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase({ maxConnections: 12 });
  call = createManagement(db.database);
});
afterAll(() => db.drop());

/** A tenant with three persons who may do everything, and a hold on it. */
async function setUp() {
  const tenant = await createTestTenant(db.database);
  const one = await addMember(db.database, tenant);
  const two = await addMember(db.database, tenant);
  const three = await addMember(db.database, tenant);
  const { answer: hold } = await call(place, one, {
    body: { scope: 'tenant', scope_id: tenant.tenantId, ground: 'litigation', reference: 'Case 7' },
  });
  const params = { hold_id: hold.id };
  return { tenant, one, two, three, hold, params };
}

const actionsOn = async (tenantId: string) =>
  (
    await db.sql<{ action: string }>(
      `SELECT action FROM audit_events WHERE tenant_id = $1 AND target_type = 'legal_hold' ORDER BY seq`,
      [tenantId],
    )
  ).map(({ action }) => action);

/** An id of each kind of thing in a tenant. */
async function thingsOf(tenant: { tenantId: string; keyId: string }): Promise<Record<HoldScope, string>> {
  await fillTables(db, tenant);
  const only = async (text: string) =>
    (await db.sql<{ id: string }>(`${text} WHERE tenant_id = $1 LIMIT 1`, [tenant.tenantId]))[0]?.id ?? '';
  return {
    tenant: tenant.tenantId,
    project: (await call(internalRoute(routes.projects.create), holderOf(tenant), { body: { name: 'Held' } })).answer
      .id,
    user: await only('SELECT user_id AS id FROM memberships'),
    api_key: tenant.keyId,
    generation: await addGeneration(db.database, tenant),
    file: await only('SELECT id FROM files'),
  };
}

describe('a legal hold', () => {
  it('is placed by a person on everything that the tenant has, and on nothing that it has not', async () => {
    const [tenant, stranger] = [await createTestTenant(db.database), await createTestTenant(db.database)];
    const [things, foreign] = [await thingsOf(tenant), await thingsOf(stranger)];
    const person = holderOf(tenant, undefined, { person_id: uuidv7() });
    for (const scope of HOLD_SCOPES) {
      const body = { scope, ground: 'tax' as const };
      const placed = await call(place, person, { body: { ...body, scope_id: things[scope] } });
      expect(placed).toMatchObject({
        version: 1,
        answer: {
          ...{ scope, scope_id: things[scope], ground: 'tax', reference: null, placed_by: person.person_id },
          ...{ release_requested_by: null, release_requested_at: null, released_by: null, released_at: null },
        },
      });
      for (const id of [foreign[scope], uuidv7()]) {
        await expect(call(place, person, { body: { ...body, scope_id: id } })).rejects.toMatchObject({
          ...{ code: 'NOT_FOUND', param: 'scope_id' },
        });
      }
      const nobody = call(place, holderOf(tenant), { body: { ...body, scope_id: things[scope] } });
      await expect(nobody).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect(await actionsOn(tenant.tenantId)).toEqual(HOLD_SCOPES.map(() => 'legal_hold.placed'));
  });

  it('is placed on a person who has left, whose keys are still there', async () => {
    const tenant = await createTestTenant(db.database);
    const scope_id = uuidv7();
    const attempt = () =>
      call(place, operatorFor(tenant.tenantId), { body: { scope: 'user', scope_id, ground: 'investigation' } });
    await expect(attempt()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await db.sql('UPDATE api_keys SET user_id = $2 WHERE id = $1', [tenant.keyId, scope_id]);
    expect(await attempt()).toMatchObject({ answer: { scope_id } });
  });

  it('is released by another person than who has asked for it, with an event for each step', async () => {
    const { tenant, one, two, three, hold, params } = await setUp();
    await expect(call(release, two, { params })).rejects.toMatchObject({
      ...{ code: 'CONFLICT', message: expect.stringContaining('Nobody has requested') },
    });
    const asked = await call(ask, one, { params });
    expect(asked).toMatchObject({ version: 2, answer: { release_requested_by: one.person_id, released_at: null } });
    expect(await call(ask, one, { params })).toEqual(asked);
    await expect(call(ask, three, { params })).rejects.toMatchObject({
      ...{ code: 'CONFLICT', message: expect.stringContaining('Another person has requested') },
    });
    await expect(call(release, one, { params })).rejects.toMatchObject({
      ...{ code: 'PERMISSION_DENIED', message: expect.stringContaining('yourself') },
    });
    await expect(call(release, holderOf(tenant), { params })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const released = await call(release, two, { params });
    expect(released).toMatchObject({ version: 3, answer: { released_by: two.person_id } });
    expect(released.answer.released_at).not.toBeNull();
    expect(await call(release, three, { params })).toEqual(released);
    await expect(call(ask, three, { params })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await call(read, three, { params })).toEqual(released);
    expect(await actionsOn(tenant.tenantId)).toEqual([
      ...['legal_hold.placed', 'legal_hold.release_requested', 'legal_hold.released'],
    ]);
    expect(released.answer).toMatchObject({ id: hold.id, reference: 'Case 7' });
  });

  it.each([
    ['has left the tenant', 'DELETE FROM memberships WHERE user_id = $1'],
    ['lost the role that may', `UPDATE memberships SET role = 'admin' WHERE user_id = $1`],
    ['is an operator who was revoked', 'UPDATE platform_operators SET revoked_at = now() WHERE id = $1'],
    ['is an operator whose key has expired', 'UPDATE platform_operators SET expires_at = now() WHERE id = $1'],
  ])('is not released on the word of somebody who %s, and may be asked for anew', async (what, statement) => {
    const { tenant, one, two, three, params } = await setUp();
    const asking = what.includes('operator') ? await addOperator(db.database, tenant.tenantId) : one;
    await call(ask, asking, { params });
    await db.sql(statement, [asking.person_id]);
    await expect(call(release, two, { params })).rejects.toMatchObject({
      ...{ code: 'CONFLICT', message: expect.stringContaining('may no longer') },
    });
    const anew = await call(ask, two, { params });
    expect(anew.answer).toMatchObject({ release_requested_by: two.person_id, released_at: null });
    expect((await call(release, three, { params })).answer.released_by).toBe(three.person_id);
    expect(await actionsOn(tenant.tenantId)).toEqual([
      ...['legal_hold.placed', 'legal_hold.release_requested', 'legal_hold.release_requested', 'legal_hold.released'],
    ]);
  });

  it('is released on the word of an operator whose key is live', async () => {
    const { tenant, two, params } = await setUp();
    await call(ask, await addOperator(db.database, tenant.tenantId), { params });
    expect((await call(release, two, { params })).answer.released_by).toBe(two.person_id);
  });

  it('is released after it was asked for, also by a request that has begun before', async () => {
    const { one, two, hold, params } = await setUp();
    await db.sql('BEGIN');
    await db.sql('SELECT 1 FROM legal_holds WHERE id = $1 FOR UPDATE', [hold.id]);
    const releasing = call(release, two, { params });
    await waitForWaiting(db, 1);
    await db.sql(
      `UPDATE legal_holds SET release_requested_by = $2, release_requested_at = clock_timestamp() WHERE id = $1`,
      [hold.id, one.person_id],
    );
    await db.sql('COMMIT');
    const { release_requested_at: asked, released_at: released } = (await releasing).answer;
    expect(Date.parse(released ?? '')).toBeGreaterThanOrEqual(Date.parse(asked ?? ''));
  });

  it('cannot be released by one person by way of the database either', async () => {
    const { one, hold, params } = await setUp();
    await call(ask, one, { params });
    const alone = db.sql(
      'UPDATE legal_holds SET released_by = release_requested_by, released_at = now() WHERE id = $1',
      [hold.id],
    );
    await expect(alone).rejects.toMatchObject({ constraint: 'legal_holds_released_by_two' });
  });

  it('is released once by many at once, and asked for by one of many', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { tenant, one, two, three, params } = await setUp();
      const asked = await Promise.allSettled([one, two, three].map((person) => call(ask, person, { params })));
      expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const answers = await Promise.allSettled(
        [one, two, three, one, two, three].map((person) => call(release, person, { params })),
      );
      const releasers = new Set(
        answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.answer.released_by] : [])),
      );
      expect(releasers.size).toBe(1);
      expect(await actionsOn(tenant.tenantId)).toEqual([
        ...['legal_hold.placed', 'legal_hold.release_requested', 'legal_hold.released'],
      ]);
    }
  });

  it('is listed with others, page by page, by state, kind and thing', async () => {
    const { tenant, one, two, hold, params } = await setUp();
    const body = { scope: 'api_key' as const, scope_id: tenant.keyId, ground: 'contract' as const };
    const { answer: second } = await call(place, one, { body });
    await call(ask, one, { params });
    await call(release, two, { params });
    const idsOf = async (query: object) => (await call(list, one, { query })).answer.data.map(({ id }) => id);
    expect(await idsOf({})).toEqual([second.id, hold.id]);
    expect(await idsOf({ order: 'asc' })).toEqual([hold.id, second.id]);
    expect(await idsOf({ in_force: 'true' })).toEqual([second.id]);
    expect(await idsOf({ in_force: 'false' })).toEqual([hold.id]);
    expect(await idsOf({ scope: 'tenant' })).toEqual([hold.id]);
    expect(await idsOf({ scope_id: tenant.keyId })).toEqual([second.id]);
    const { answer: page } = await call(list, one, { query: { limit: 1 } });
    expect(await idsOf({ limit: 1, cursor: page.next_cursor })).toEqual([hold.id]);
  });

  it("is not another tenant's to see or to release", async () => {
    const { one, params } = await setUp();
    await call(ask, one, { params });
    const stranger = await setUp();
    const missing = { code: 'NOT_FOUND', message: `There is no legal hold ${params.hold_id}.` };
    for (const route of [read, ask, release]) {
      await expect(call(route, stranger.two, { params })).rejects.toMatchObject(missing);
    }
    const { answer } = await call(list, stranger.one);
    expect(answer.data.map(({ id }) => id)).toEqual([stranger.hold.id]);
  });
});
