import { HOLD_SCOPES, internalRoute, type HoldScope, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { addGeneration, addMember, addOperator } from './support/fixtures.ts';
import { fillTables } from './support/fill-tenant.ts';
import { createManagement, holderOf, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';
import { waitForWaiting } from './support/wait-for-waiting.ts';

const [list, read, place, requestRelease, release] = [
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

/** Creates a tenant with three owners and a hold on it. */
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

/** Returns the id of one resource of each scope of a tenant. */
async function createTargets(tenant: { tenantId: string; keyId: string }): Promise<Record<HoldScope, string>> {
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

describe('legal hold', () => {
  it('is placed by a person on resources of the tenant, and on no others', async () => {
    const [tenant, stranger] = [await createTestTenant(db.database), await createTestTenant(db.database)];
    const [targets, foreign] = [await createTargets(tenant), await createTargets(stranger)];
    const person = holderOf(tenant, undefined, { person_id: uuidv7() });
    for (const scope of HOLD_SCOPES) {
      const body = { scope, ground: 'tax' as const };
      const placed = await call(place, person, { body: { ...body, scope_id: targets[scope] } });
      expect(placed).toMatchObject({
        version: 1,
        answer: {
          scope,
          scope_id: targets[scope],
          ground: 'tax',
          reference: null,
          placed_by: person.person_id,
          release_requested_by: null,
          release_requested_at: null,
          released_by: null,
          released_at: null,
        },
      });
      for (const id of [foreign[scope], uuidv7()]) {
        await expect(call(place, person, { body: { ...body, scope_id: id } })).rejects.toMatchObject({
          code: 'NOT_FOUND',
          param: 'scope_id',
        });
      }
      const nobody = call(place, holderOf(tenant), { body: { ...body, scope_id: targets[scope] } });
      await expect(nobody).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect(await actionsOn(tenant.tenantId)).toEqual(HOLD_SCOPES.map(() => 'legal_hold.placed'));
  });

  it('is placed on a person who has left the tenant but whose keys still exist', async () => {
    const tenant = await createTestTenant(db.database);
    const scope_id = uuidv7();
    const attempt = () =>
      call(place, operatorFor(tenant.tenantId), { body: { scope: 'user', scope_id, ground: 'investigation' } });
    await expect(attempt()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await db.sql('UPDATE api_keys SET user_id = $2 WHERE id = $1', [tenant.keyId, scope_id]);
    expect(await attempt()).toMatchObject({ answer: { scope_id } });
  });

  it('is released by another person than the one who requested it, with one audit event per step', async () => {
    const { tenant, one, two, three, hold, params } = await setUp();
    await expect(call(release, two, { params })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('Nobody has requested'),
    });
    const requested = await call(requestRelease, one, { params });
    expect(requested).toMatchObject({ version: 2, answer: { release_requested_by: one.person_id, released_at: null } });
    expect(await call(requestRelease, one, { params })).toEqual(requested);
    await expect(call(requestRelease, three, { params })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('Another person has requested'),
    });
    await expect(call(release, one, { params })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('yourself'),
    });
    await expect(call(release, holderOf(tenant), { params })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const released = await call(release, two, { params });
    expect(released).toMatchObject({ version: 3, answer: { released_by: two.person_id } });
    expect(released.answer.released_at).not.toBeNull();
    expect(await call(release, three, { params })).toEqual(released);
    await expect(call(requestRelease, three, { params })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await call(read, three, { params })).toEqual(released);
    expect(await actionsOn(tenant.tenantId)).toEqual([
      'legal_hold.placed',
      'legal_hold.release_requested',
      'legal_hold.released',
    ]);
    expect(released.answer).toMatchObject({ id: hold.id, reference: 'Case 7' });
  });

  it.each([
    ['has left the tenant', 'DELETE FROM memberships WHERE user_id = $1'],
    ['lost the role that permits releases', `UPDATE memberships SET role = 'admin' WHERE user_id = $1`],
    ['is an operator who was revoked', 'UPDATE platform_operators SET revoked_at = now() WHERE id = $1'],
    ['is an operator whose key has expired', 'UPDATE platform_operators SET expires_at = now() WHERE id = $1'],
  ])('is not released when the requester %s, and the release can be requested again', async (what, statement) => {
    const { tenant, one, two, three, params } = await setUp();
    const requester = what.includes('operator') ? await addOperator(db.database, tenant.tenantId) : one;
    await call(requestRelease, requester, { params });
    await db.sql(statement, [requester.person_id]);
    await expect(call(release, two, { params })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('may no longer'),
    });
    const repeated = await call(requestRelease, two, { params });
    expect(repeated.answer).toMatchObject({ release_requested_by: two.person_id, released_at: null });
    expect((await call(release, three, { params })).answer.released_by).toBe(three.person_id);
    expect(await actionsOn(tenant.tenantId)).toEqual([
      'legal_hold.placed',
      'legal_hold.release_requested',
      'legal_hold.release_requested',
      'legal_hold.released',
    ]);
  });

  it('is released when the requester is an operator whose key is live', async () => {
    const { tenant, two, params } = await setUp();
    await call(requestRelease, await addOperator(db.database, tenant.tenantId), { params });
    expect((await call(release, two, { params })).answer.released_by).toBe(two.person_id);
  });

  it('has a release time after that of the request, also when the release began earlier', async () => {
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
    const { release_requested_at: requestedAt, released_at: releasedAt } = (await releasing).answer;
    expect(Date.parse(releasedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(requestedAt ?? ''));
  });

  it('cannot be released by one person alone in the database either', async () => {
    const { one, hold, params } = await setUp();
    await call(requestRelease, one, { params });
    const alone = db.sql(
      'UPDATE legal_holds SET released_by = release_requested_by, released_at = now() WHERE id = $1',
      [hold.id],
    );
    await expect(alone).rejects.toMatchObject({ constraint: 'legal_holds_released_by_two' });
  });

  it('is requested by one and released by one of many concurrent persons', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { tenant, one, two, three, params } = await setUp();
      const requests = await Promise.allSettled(
        [one, two, three].map((person) => call(requestRelease, person, { params })),
      );
      expect(requests.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const answers = await Promise.allSettled(
        [one, two, three, one, two, three].map((person) => call(release, person, { params })),
      );
      const releasers = new Set(
        answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.answer.released_by] : [])),
      );
      expect(releasers.size).toBe(1);
      expect(await actionsOn(tenant.tenantId)).toEqual([
        'legal_hold.placed',
        'legal_hold.release_requested',
        'legal_hold.released',
      ]);
    }
  });

  it('is listed by state, scope and resource, page by page', async () => {
    const { tenant, one, two, hold, params } = await setUp();
    const body = { scope: 'api_key' as const, scope_id: tenant.keyId, ground: 'contract' as const };
    const { answer: second } = await call(place, one, { body });
    await call(requestRelease, one, { params });
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

  it('is hidden from other tenants, which cannot release it', async () => {
    const { one, params } = await setUp();
    await call(requestRelease, one, { params });
    const stranger = await setUp();
    const missing = { code: 'NOT_FOUND', message: `There is no legal hold ${params.hold_id}.` };
    for (const route of [read, requestRelease, release]) {
      await expect(call(route, stranger.two, { params })).rejects.toMatchObject(missing);
    }
    const { answer } = await call(list, stranger.one);
    expect(answer.data.map(({ id }) => id)).toEqual([stranger.hold.id]);
  });
});
