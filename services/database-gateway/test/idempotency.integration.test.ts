import { internalRoute, type Caller, routes, internalRoutes } from '@aion/contracts';
import { deleteExpiredIdempotencyKeys } from '../src/management/delete-expired-idempotency-keys.ts';
import { createManagement, holderOf, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const create = internalRoute(routes.tenants.create);
const sha256 = (letter: string) => letter.repeat(64);

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase({ maxConnections: 12 });
  call = createManagement(db.database);
});
afterAll(() => db.drop());

const asking = (key: string, hash = sha256('a'), change: Partial<Caller> = {}): Caller =>
  operatorFor(null, { idempotency: { key, request_sha256: hash }, ...change });
const countTenants = async (name: string) =>
  (await db.sql<{ count: number }>('SELECT count(*)::int AS count FROM tenants WHERE name = $1', [name]))[0]?.count;

describe('request with an Idempotency-Key', () => {
  it('takes effect once and gets the same answer when it is repeated', async () => {
    const first = await call(create, asking('one'), { body: { name: 'Once' } });
    const second = await call(create, asking('one'), { body: { name: 'Once' } });
    expect(first.replayed).toBe(false);
    expect(second).toEqual({ ...first, replayed: true });
    expect(await countTenants('Once')).toBe(1);
  });

  it('is rejected when another request was sent with the key', async () => {
    await call(create, asking('two'), { body: { name: 'First' } });
    const other = call(create, asking('two', sha256('b')), { body: { name: 'Other' } });
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 });
    expect(await countTenants('Other')).toBe(0);
  });

  it('takes effect once when it is sent many times concurrently', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call(create, asking('three'), { body: { name: 'Concurrent' } })),
    );
    expect(new Set(answers.map(({ answer }) => answer.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await countTenants('Concurrent')).toBe(1);
  });

  it('can be repeated after a failure, which stores nothing', async () => {
    const tenant = await createTestTenant(db.database);
    const idempotency = { key: 'four', request_sha256: sha256('a') };
    const lacking = holderOf(tenant, ['keys:write'], { idempotency });
    await expect(call(internalRoutes.apiKeys.store, lacking, { body: newKey() })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    const made = await call(internalRoutes.apiKeys.store, { ...lacking, scopes: ['inference'] }, { body: newKey() });
    expect(made.replayed).toBe(false);
    const again = await call(internalRoutes.apiKeys.store, lacking, { body: newKey() });
    expect(again).toEqual({ ...made, replayed: true });
  });

  it('has a key of its own for each caller and tenant', async () => {
    const [one, two] = [await createTestTenant(db.database), await createTestTenant(db.database)];
    const idempotency = { key: 'five', request_sha256: sha256('a') };
    const ids = new Set<string>();
    for (const caller of [holderOf(one), holderOf(two), operatorFor(one.tenantId), operatorFor(two.tenantId)]) {
      ids.add((await call(internalRoutes.apiKeys.store, { ...caller, idempotency }, { body: newKey() })).answer.id);
    }
    expect(ids.size).toBe(4);
  });

  it('is executed again after its key has expired', async () => {
    const first = await call(create, asking('six'), { body: { name: 'Daily' } });
    const age = `UPDATE idempotency_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 s'`;
    await db.sql(`${age} WHERE idempotency_key = 'six'`);
    const second = await call(create, asking('six'), { body: { name: 'Daily' } });
    expect(second.replayed).toBe(false);
    expect(second.answer.id).not.toBe(first.answer.id);
    await db.sql(`${age} WHERE idempotency_key = 'five'`);
    expect(await deleteExpiredIdempotencyKeys(db.database)).toBe(4);
    expect(await db.sql(`SELECT 1 FROM idempotency_keys WHERE expires_at <= now()`)).toEqual([]);
  });
});
