import { internalRoute, type Caller, type Scope, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { findKeyHolder } from '../src/keys/find-key-holder.ts';
import { addMember } from './support/fixtures.ts';
import { createManagement, holderOf, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const [list, read, update, revoke] = [
  internalRoute(routes.apiKeys.list),
  internalRoute(routes.apiKeys.get),
  internalRoute(routes.apiKeys.update),
  internalRoute(routes.apiKeys.revoke),
];
const LATER = '2030-01-01T00:00:00.000Z';

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

async function addKeys(tenantId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let added = 0; added < count; added += 1) {
    ids.push((await call(internalRoutes.apiKeys.store, operatorFor(tenantId), { body: newKey() })).answer.id);
  }
  return ids;
}

describe('key routes', () => {
  it('find a key by its prefix before the tenant is known, with role and tenant state', async () => {
    const tenant = await createTestTenant(db.database);
    expect(await findKeyHolder(db.database, tenant.prefix)).toMatchObject({
      id: tenant.keyId,
      tenant_id: tenant.tenantId,
      key_hash: 'ab'.repeat(32),
      scopes: ['inference'],
      revoked_at: null,
      user_id: null,
      role: null,
      tenant_state: 'active',
    });
    for (const unknown of ['zzzzzzzzzzzz', '%']) {
      await expect(findKeyHolder(db.database, unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('list keys newest first, in pages that stay stable while keys are added', async () => {
    const tenant = await createTestTenant(db.database);
    const ids = [tenant.keyId, ...(await addKeys(tenant.tenantId, 4))].toReversed();
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const query = { limit: 2, ...(typeof cursor === 'string' ? { cursor } : {}) };
      const { answer } = await call(list, holderOf(tenant), { query });
      seen.push(...answer.data.map(({ id }) => id));
      cursor = answer.next_cursor;
      expect(Object.keys(answer.data[0] ?? {})).not.toContain('key_hash');
      await addKeys(tenant.tenantId, 1);
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    const wrong = Buffer.from(`audit-events:${ids[0] ?? ''}`).toString('base64url');
    await expect(call(list, holderOf(tenant), { query: { cursor: wrong } })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'cursor',
    });
  });

  it('list keys by status, in both orders', async () => {
    const tenant = await createTestTenant(db.database);
    const [expired = '', revoked = '', both = ''] = await addKeys(tenant.tenantId, 3);
    const past = `now() - interval '1 s'`;
    await db.sql(`UPDATE api_keys SET expires_at = ${past} WHERE id IN ($1, $2)`, [expired, both]);
    await db.sql(`UPDATE api_keys SET expires_at = now() + interval '1 day' WHERE id = $1`, [tenant.keyId]);
    await db.sql('UPDATE api_keys SET revoked_at = now() WHERE id IN ($1, $2)', [revoked, both]);
    const idsOf = async (query: object) =>
      (await call(list, holderOf(tenant), { query })).answer.data.map(({ id }) => id);
    expect(await idsOf({ order: 'asc' })).toEqual([tenant.keyId, expired, revoked, both]);
    expect(await idsOf({ status: 'live' })).toEqual([tenant.keyId]);
    expect(await idsOf({ status: 'expired' })).toEqual([expired]);
    expect(await idsOf({ status: 'revoked' })).toEqual([both, revoked]);
    const { answer } = await call(list, holderOf(tenant), { query: { order: 'asc', limit: 3 } });
    expect(await idsOf({ order: 'asc', limit: 3, cursor: answer.next_cursor })).toEqual([both]);
  });

  it('list keys by project and by person', async () => {
    const tenant = await createTestTenant(db.database);
    const { person_id: user_id } = await addMember(db.database, tenant);
    const body = { name: 'Project' };
    const { id: project_id } = (await call(internalRoute(routes.projects.create), holderOf(tenant), { body })).answer;
    const add = async (of: object) =>
      (await call(internalRoutes.apiKeys.store, operatorFor(tenant.tenantId), { body: { ...newKey(), ...of } })).answer
        .id;
    const [ofProject, ofPerson] = [await add({ project_id }), await add({ user_id })];
    const idsOf = async (query: object) =>
      (await call(list, holderOf(tenant), { query })).answer.data.map(({ id }) => id);
    expect(await idsOf({ project_id })).toEqual([ofProject]);
    expect(await idsOf({ user_id })).toEqual([ofPerson]);
    expect(await idsOf({ project_id, user_id })).toEqual([]);
  });

  it('reject a new key with a scope that the caller lacks', async () => {
    const tenant = await createTestTenant(db.database);
    const scopes: Scope[] = ['inference', 'audit:read'];
    const attempt = call(internalRoutes.apiKeys.store, holderOf(tenant, ['keys:write', 'inference']), {
      body: newKey({ scopes }),
    });
    await expect(attempt).rejects.toMatchObject({ code: 'PERMISSION_DENIED', param: 'scopes' });
    const made = await call(internalRoutes.apiKeys.store, holderOf(tenant, ['keys:write', ...scopes]), {
      body: newKey({ scopes }),
    });
    expect(made.answer).toMatchObject({ scopes, sealed_key: 'sealed' });
  });

  it('reject changes of a key with a scope that the caller lacks, but not its revocation', async () => {
    const tenant = await createTestTenant(db.database);
    const scopes: Scope[] = ['inference', 'audit:read'];
    const { id } = (
      await call(internalRoutes.apiKeys.store, operatorFor(tenant.tenantId), { body: newKey({ scopes }) })
    ).answer;
    const params = { key_id: id };
    const lesser = holderOf(tenant, ['keys:write', 'inference']);
    for (const body of [{ name: 'Mine' }, { expires_at: LATER }]) {
      const attempt = call(update, lesser, { params, body });
      await expect(attempt).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('You lack "audit:read"'),
      });
    }
    expect((await call(update, operatorFor(tenant.tenantId), { params, body: { name: 'Ours' } })).version).toBe(2);
    expect((await call(revoke, lesser, { params })).answer.revoked_at).not.toBeNull();
  });

  it('restrict changes of a personal key to the person and the operator, but not its revocation', async () => {
    const tenant = await createTestTenant(db.database);
    const body = { email: 'ada@example.com', name: 'Ada', role: 'owner' as const };
    const { id: person_id } = (await call(internalRoute(routes.users.create), holderOf(tenant), { body })).answer;
    const made = await call(internalRoutes.apiKeys.store, operatorFor(tenant.tenantId), {
      body: { ...newKey(), user_id: person_id },
    });
    const params = { key_id: made.answer.id };
    const rename = (caller: Caller) => call(update, caller, { params, body: { name: 'Renamed' } });
    for (const other of [holderOf(tenant), holderOf(tenant, undefined, { person_id: uuidv7() })]) {
      await expect(rename(other)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', param: 'key_id' });
    }
    await rename(holderOf(tenant, undefined, { person_id }));
    await rename(operatorFor(tenant.tenantId));
    expect((await call(revoke, holderOf(tenant), { params })).answer.revoked_at).not.toBeNull();
  });

  it('reject an expiry after that of the calling key, also for the calling key', async () => {
    const tenant = await createTestTenant(db.database);
    const other = (await addKeys(tenant.tenantId, 1))[0] ?? '';
    await db.sql('UPDATE api_keys SET expires_at = $2 WHERE id = $1', [tenant.keyId, LATER]);
    const ending = holderOf(tenant);
    const denied = { code: 'PERMISSION_DENIED', param: 'expires_at' };
    const make = (expires_at?: string) =>
      call(internalRoutes.apiKeys.store, ending, { body: { ...newKey(), expires_at } });
    for (const end of [undefined, '2030-01-01T00:00:00.001Z']) await expect(make(end)).rejects.toMatchObject(denied);
    const { id } = (await make(LATER)).answer;
    const end = (key_id: string, expires_at: string | null, caller: Caller = ending) =>
      call(update, caller, { params: { key_id }, body: { expires_at } });
    for (const key of [id, tenant.keyId]) {
      for (const later of [null, '2031-01-01T00:00:00.000Z']) {
        await expect(end(key, later)).rejects.toMatchObject(denied);
      }
    }
    // Shortening the lifetime of another key is permitted, even to an expiry after the caller's own.
    expect((await end(other, '2031-01-01T00:00:00.000Z')).answer.expires_at).toBe('2031-01-01T00:00:00.000Z');
    expect((await end(id, null, operatorFor(tenant.tenantId))).answer.expires_at).toBeNull();
    expect(
      (await call(internalRoutes.apiKeys.store, operatorFor(tenant.tenantId), { body: newKey() })).answer.expires_at,
    ).toBeNull();
  });

  it('reject an expiry in the past, and changes of expired keys', async () => {
    const tenant = await createTestTenant(db.database);
    const [id = ''] = await addKeys(tenant.tenantId, 1);
    const params = { key_id: id };
    for (const caller of [holderOf(tenant), operatorFor(tenant.tenantId)]) {
      const past = call(update, caller, { params, body: { expires_at: '2020-01-01T00:00:00.000Z' } });
      await expect(past).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'expires_at' });
    }
    await db.sql(`UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE id = $1`, [id]);
    for (const caller of [holderOf(tenant), operatorFor(tenant.tenantId)]) {
      for (const body of [{ expires_at: LATER }, { expires_at: null }, { name: 'Late' }]) {
        await expect(call(update, caller, { params, body })).rejects.toMatchObject({ code: 'CONFLICT' });
      }
    }
  });

  it('change a key only at the If-Match version', async () => {
    const tenant = await createTestTenant(db.database);
    const [id = ''] = await addKeys(tenant.tenantId, 1);
    const params = { key_id: id };
    const change = (if_match: number, body: object) =>
      call(update, holderOf(tenant, undefined, { if_match }), { params, body });
    const named = await change(1, { name: 'Renamed' });
    expect(named).toMatchObject({ version: 2, answer: { name: 'Renamed', expires_at: null } });
    await expect(change(1, { name: 'Lost' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await change(2, { expires_at: LATER })).toMatchObject({
      version: 3,
      answer: { name: 'Renamed', expires_at: LATER },
    });
    expect(await call(read, holderOf(tenant), { params })).toMatchObject({ version: 3 });
  });

  it('revoke a key permanently, with one audit event that names the actor', async () => {
    const tenant = await createTestTenant(db.database);
    const [id = ''] = await addKeys(tenant.tenantId, 1);
    const params = { key_id: id };
    const revoked = await call(revoke, holderOf(tenant), { params });
    expect(revoked.answer.revoked_at).not.toBeNull();
    expect(await call(revoke, operatorFor(tenant.tenantId), { params })).toEqual(revoked);
    await expect(call(update, holderOf(tenant), { params, body: { name: 'x' } })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    const events = await db.sql(
      `SELECT actor, target_id FROM audit_events WHERE tenant_id = $1 AND action = 'api_key.revoked'`,
      [tenant.tenantId],
    );
    expect(events).toEqual([{ actor: `api_key:${tenant.keyId}`, target_id: id }]);
  });

  it('hide keys of one tenant from others, which can neither change nor revoke them', async () => {
    const owner = await createTestTenant(db.database);
    const stranger = await createTestTenant(db.database);
    const params = { key_id: owner.keyId };
    const missing = { code: 'NOT_FOUND', message: `There is no key ${owner.keyId}.` };
    await expect(call(read, holderOf(stranger), { params })).rejects.toMatchObject(missing);
    await expect(call(update, holderOf(stranger), { params, body: {} })).rejects.toMatchObject(missing);
    await expect(call(revoke, holderOf(stranger), { params })).rejects.toMatchObject(missing);
    expect((await call(read, holderOf(owner), { params })).answer.revoked_at).toBeNull();
    const { answer } = await call(list, holderOf(stranger), { query: { limit: 100 } });
    expect(answer.data.map(({ id }) => id)).not.toContain(owner.keyId);
  });

  it('reject a key for an unknown tenant, and for a project that the tenant does not have', async () => {
    const tenant = await createTestTenant(db.database);
    await expect(call(internalRoutes.apiKeys.store, operatorFor(uuidv7()), { body: newKey() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      param: 'tenant_id',
    });
    const body = { ...newKey(), project_id: uuidv7() };
    await expect(call(internalRoutes.apiKeys.store, holderOf(tenant), { body })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      param: 'project_id',
    });
  });
});
