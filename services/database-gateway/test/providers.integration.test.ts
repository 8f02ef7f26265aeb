import { internalRoute, type Caller, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { createManagement, holderOf, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let call: CallManagement;
/** Owners of providers: two tenants and the platform. */
let owners: readonly { readonly name: string; readonly caller: Caller }[];
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
  const [one, two] = [await createTestTenant(db.database), await createTestTenant(db.database)];
  owners = [
    { name: 'a tenant', caller: holderOf(one) },
    { name: 'another one, by the operator', caller: operatorFor(two.tenantId) },
    { name: 'the platform', caller: operatorFor(null) },
  ];
});
afterAll(() => db.drop());

const KEY_ID = 'ab'.repeat(8);
const encryptedAs = (text: string, keyId = KEY_ID) => ({
  key_id: keyId,
  bytes: Buffer.from(text.padEnd(40)).toString('base64url'),
});
const newProvider = (change: object = {}) => ({
  id: uuidv7(),
  name: `p${uuidv7()}`,
  kind: 'openai-compatible' as const,
  sealed_credentials: encryptedAs('first'),
  base_url: 'http://10.0.0.7:8000/v1',
  ...change,
});
const create = (caller: Caller, change: object = {}) =>
  call(internalRoutes.providers.store, caller, { body: newProvider(change) });
const get = internalRoute(routes.providers.get);
const list = internalRoute(routes.providers.list);
const remove = internalRoute(routes.providers.delete);
const [ofTenant, ofOther, ofPlatform] = [0, 1, 2].map((at) => () => owners[at]!.caller) as [
  () => Caller,
  () => Caller,
  () => Caller,
];
const storedOf = async (id: string) => {
  const [row] = await db.sql<{ credentials: Buffer | null; key_id: string | null }>(
    'SELECT credentials, key_id FROM provider_configs WHERE id = $1',
    [id],
  );
  return { text: row?.credentials?.toString().trimEnd() ?? null, keyId: row?.key_id ?? null };
};

describe('provider', () => {
  it.each([0, 1, 2])(
    'is stored, read, listed, changed and deleted by its owner, with one audit event per change (%i)',
    async (at) => {
      const { caller } = owners[at]!;
      const created = await create(caller);
      const { id, name } = created.answer;
      expect(created).toMatchObject({
        version: 1,
        answer: {
          tenant_id: caller.tenant_id,
          has_credentials: true,
          enabled: true,
          base_url: 'http://10.0.0.7:8000/v1',
        },
      });
      const params = { provider_id: id };
      expect(await call(get, caller, { params })).toEqual(created);
      const changed = await call(internalRoutes.providers.storeChange, caller, { params, body: { enabled: false } });
      expect(changed.answer).toMatchObject({ name, enabled: false, has_credentials: true });
      expect((await call(list, caller)).answer.data).toContainEqual(changed.answer);
      expect(await call(remove, caller, { params })).toMatchObject({ answer: null });
      await expect(call(get, caller, { params })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const events = await db.sql(
        `SELECT tenant_id, action FROM audit_events WHERE target_type = 'provider_config' AND target_id = $1 ORDER BY seq`,
        [id],
      );
      const actions = ['provider_config.created', 'provider_config.updated', 'provider_config.deleted'];
      expect(events).toEqual(actions.map((action) => ({ tenant_id: caller.tenant_id, action })));
    },
  );

  it('is read, listed, changed and deleted by its owner only', async () => {
    for (const { caller: owner } of owners) {
      const { answer } = await create(owner);
      const params = { provider_id: answer.id };
      for (const { caller } of owners.filter((other) => other.caller !== owner)) {
        const attempts = [
          call(get, caller, { params }),
          call(internalRoutes.providers.storeChange, caller, {
            params,
            body: { sealed_credentials: encryptedAs('theirs') },
          }),
          call(remove, caller, { params }),
        ];
        for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: 'NOT_FOUND' });
        const { answer: page } = await call(list, caller, { query: { limit: 100 } });
        expect(page.data.map(({ id }) => id)).not.toContain(answer.id);
      }
      expect(await storedOf(answer.id)).toEqual({ text: 'first', keyId: KEY_ID });
    }
  });

  it('keeps its credentials until they are replaced or removed', async () => {
    const { answer } = await create(ofTenant());
    const params = { provider_id: answer.id };
    const change = (body: object) => call(internalRoutes.providers.storeChange, ofTenant(), { params, body });
    await change({ name: `n${uuidv7()}` });
    expect(await storedOf(answer.id)).toEqual({ text: 'first', keyId: KEY_ID });
    const other = 'cd'.repeat(8);
    await change({ sealed_credentials: encryptedAs('second', other) });
    expect(await storedOf(answer.id)).toEqual({ text: 'second', keyId: other });
    expect((await change({ sealed_credentials: null })).answer.has_credentials).toBe(false);
    expect(await storedOf(answer.id)).toEqual({ text: null, keyId: null });
  });

  it('rejects a new base_url unless credentials are sent with it', async () => {
    const { answer } = await create(ofTenant());
    const params = { provider_id: answer.id };
    const change = (body: object) => call(internalRoutes.providers.storeChange, ofTenant(), { params, body });
    for (const base_url of ['http://10.0.0.8:8000/v1', null]) {
      await expect(change({ base_url })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        param: 'credentials',
        fields: [{ pointer: '/credentials' }],
      });
    }
    expect((await call(get, ofTenant(), { params })).answer.base_url).toBe(answer.base_url);
    await change({ base_url: answer.base_url, enabled: false });
    await change({ base_url: 'http://10.0.0.8:8000/v1', sealed_credentials: encryptedAs('second') });
    expect(await storedOf(answer.id)).toEqual({ text: 'second', keyId: KEY_ID });
    const without = await change({ base_url: null, sealed_credentials: null });
    expect(without.answer).toMatchObject({ base_url: null, has_credentials: false });
    expect((await change({ base_url: 'http://10.0.0.9/v1' })).answer.base_url).toBe('http://10.0.0.9/v1');
  });

  it('cannot have the name of another provider of its owner', async () => {
    for (const caller of [ofTenant(), ofPlatform()]) {
      const { answer } = await create(caller);
      const taken = { code: 'CONFLICT', param: 'name' };
      await expect(create(caller, { name: answer.name })).rejects.toMatchObject(taken);
      const second = await create(caller);
      const params = { provider_id: second.answer.id };
      const rename = call(internalRoutes.providers.storeChange, caller, { params, body: { name: answer.name } });
      await expect(rename).rejects.toMatchObject(taken);
      expect((await create(ofOther(), { name: answer.name })).answer.name).toBe(answer.name);
      await db.sql('DELETE FROM provider_configs WHERE name = $1', [answer.name]);
    }
  });

  it('of kind embedded has neither a base_url nor credentials', async () => {
    const embedded = { kind: 'embedded', base_url: null, sealed_credentials: null };
    const { answer } = await create(ofTenant(), embedded);
    const errorOf = (attempt: Promise<unknown>) => attempt.catch((error: unknown) => error);
    const both = ['/base_url', '/credentials'];
    expect(await errorOf(create(ofTenant(), { kind: 'embedded' }))).toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'base_url',
      fields: both.map((pointer) => ({ pointer })),
    });
    const params = { provider_id: answer.id };
    const body = { sealed_credentials: encryptedAs('x') };
    expect(await errorOf(call(internalRoutes.providers.storeChange, ofTenant(), { params, body }))).toMatchObject({
      code: 'INVALID_REQUEST',
      param: 'credentials',
      fields: [{ pointer: '/credentials' }],
    });
  });

  it('is changed and deleted at the If-Match version', async () => {
    const { answer } = await create(ofTenant());
    const params = { provider_id: answer.id };
    const stale = { ...ofTenant(), if_match: 2 };
    const rejected = { code: 'PRECONDITION_FAILED' };
    await expect(
      call(internalRoutes.providers.storeChange, stale, { params, body: { enabled: false } }),
    ).rejects.toMatchObject(rejected);
    await expect(call(remove, stale, { params })).rejects.toMatchObject(rejected);
    const changed = await call(
      internalRoutes.providers.storeChange,
      { ...stale, if_match: 1 },
      { params, body: { enabled: false } },
    );
    expect(changed.version).toBe(2);
    await call(remove, stale, { params });
  });

  it('is created once by a repeated request', async () => {
    const caller = { ...ofPlatform(), idempotency: { key: uuidv7(), request_sha256: 'ab'.repeat(32) } };
    const name = `p${uuidv7()}`;
    const first = await create(caller, { name });
    const again = await create(caller, { name });
    expect(again).toEqual({ ...first, replayed: true });
  });
});

describe('list of providers', () => {
  it('is filtered and paged in both orders', async () => {
    const caller = operatorFor((await createTestTenant(db.database)).tenantId);
    const names = ['one', 'two', 'three'];
    for (const name of names) await create(caller, { name, enabled: name !== 'two' });
    await create(caller, { name: 'four', kind: 'embedded', base_url: null, sealed_credentials: null });
    const namesOf = async (query: object) => (await call(list, caller, { query })).answer.data.map(({ name }) => name);
    expect(await namesOf({})).toEqual(['four', 'three', 'two', 'one']);
    expect(await namesOf({ order: 'asc', kind: 'openai-compatible' })).toEqual(names);
    expect(await namesOf({ enabled: 'false' })).toEqual(['two']);
    expect(await namesOf({ enabled: 'true', kind: 'embedded' })).toEqual(['four']);
    for (const order of ['asc', 'desc'] as const) {
      const { answer } = await call(list, caller, { query: { order, limit: 3 } });
      const rest = await call(list, caller, { query: { order, limit: 3, cursor: answer.next_cursor ?? '' } });
      expect(rest.answer.next_cursor).toBeNull();
      expect(rest.answer.data.map(({ name }) => name)).toEqual([order === 'asc' ? 'four' : 'one']);
    }
  });
});
