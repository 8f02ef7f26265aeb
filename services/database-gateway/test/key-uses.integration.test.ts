import { internalRoute, internalRoutes, routes, serviceCaller } from '@aion/contracts';
import { createTestDatabase, type TestDatabase } from '@aion/testkit';
import { findKeyHolder, findOperatorByPrefix } from '../src/keys/find-key-holder.ts';
import { recordKeyUse as keyUse, recordOperatorUse as operatorUse } from '../src/keys/record-key-use.ts';
import { createManagement, holderOf, newKey, operatorFor } from './support/management.ts';
import { startGateway } from './support/start-gateway.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let queue: TestDatabase;
beforeAll(async () => {
  [db, queue] = await Promise.all([createMigratedDatabase(), createTestDatabase()]);
});
afterAll(async () => {
  await Promise.all([db.drop(), queue.drop()]);
});

const eventsOf = (id: string) =>
  db.sql(
    `SELECT tenant_id, actor, action, target_type, outcome FROM audit_events
     WHERE target_id = $1 AND action ~ 'used|refused' ORDER BY seq`,
    [id],
  );
const today = async () =>
  (await db.sql<{ day: string }>(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS day`))[0]?.day;
const dayBefore = `(now() AT TIME ZONE 'UTC')::date - 1`;

describe('use of a key', () => {
  it('is recorded with one audit event per day, also when reported concurrently, and shown with the key', async () => {
    const tenant = await createTestTenant(db.database);
    const { tenantId: tenant_id, keyId, prefix } = tenant;
    const day = await today();
    const report = (accepted: boolean) => keyUse(db.database, keyId, { tenant_id, accepted });
    await Promise.all(Array.from({ length: 6 }, () => report(true)));
    await report(true);
    const used = { tenant_id, actor: `api_key:${keyId}`, action: 'api_key.used', target_type: 'api_key' };
    expect(await eventsOf(keyId)).toEqual([{ ...used, outcome: 'success' }]);
    expect(await findKeyHolder(db.database, prefix)).toMatchObject({ last_used_on: day, last_refused_on: null });
    await report(false);
    await report(false);
    const rejected = { ...used, action: 'api_key.refused', outcome: 'failure' };
    expect(await eventsOf(keyId)).toEqual([{ ...used, outcome: 'success' }, rejected]);
    expect(await findKeyHolder(db.database, prefix)).toMatchObject({ last_used_on: day, last_refused_on: day });
    const call = createManagement(db.database);
    const { answer } = await call(internalRoute(routes.apiKeys.get), holderOf(tenant), { params: { key_id: keyId } });
    expect(answer.last_used_on).toBe(day);
  });

  it('is recorded again on the next day', async () => {
    const { tenantId: tenant_id, keyId } = await createTestTenant(db.database);
    await keyUse(db.database, keyId, { tenant_id, accepted: true });
    await db.sql(`UPDATE api_keys SET last_used_on = ${dayBefore} WHERE id = $1`, [keyId]);
    await keyUse(db.database, keyId, { tenant_id, accepted: true });
    expect(await eventsOf(keyId)).toHaveLength(2);
  });

  it('is ignored when it is reported for the key of another tenant', async () => {
    const { keyId, prefix } = await createTestTenant(db.database);
    const { tenantId: tenant_id } = await createTestTenant(db.database);
    await keyUse(db.database, keyId, { tenant_id, accepted: true });
    expect(await eventsOf(keyId)).toEqual([]);
    expect((await findKeyHolder(db.database, prefix)).last_used_on).toBeNull();
  });

  it('by an operator is recorded with an audit event of the platform', async () => {
    const { scopes: _scopes, ...operator } = newKey({ name: 'Operator' });
    await createManagement(db.database)(internalRoutes.operators.store, operatorFor(null), { body: operator });
    const day = await today();
    for (const accepted of [true, true, false, false]) await operatorUse(db.database, operator.id, { accepted });
    const event = { tenant_id: null, actor: `operator:${operator.id}`, target_type: 'platform_operator' };
    expect(await eventsOf(operator.id)).toEqual([
      { ...event, action: 'operator.used', outcome: 'success' },
      { ...event, action: 'operator.refused', outcome: 'failure' },
    ]);
    expect(await findOperatorByPrefix(db.database, operator.prefix)).toMatchObject({
      last_used_on: day,
      last_refused_on: day,
    });
  });

  it('is reported through the internal routes', async () => {
    const { tenantId: tenant_id, keyId, prefix } = await createTestTenant(db.database);
    const gateway = await startGateway({
      DATABASE_URL: db.appUrl,
      AION_MIGRATION_DATABASE_URL: db.ownerUrl,
      AION_QUEUE_DATABASE_URL: queue.url,
    });
    try {
      const { client } = gateway;
      await client.call(internalRoutes.apiKeys.recordUse, {
        params: { key_id: keyId },
        body: { accepted: true },
        caller: serviceCaller('web-api', tenant_id),
      });
      expect((await client.call(internalRoutes.apiKeys.find, { params: { prefix } })).last_used_on).toBe(await today());
      const unknown = { params: { operator_id: keyId }, body: { accepted: true } };
      expect(await client.call(internalRoutes.operators.recordUse, unknown)).toBeUndefined();
      expect(await eventsOf(keyId)).toHaveLength(1);
    } finally {
      await gateway.stop();
    }
  });
});
