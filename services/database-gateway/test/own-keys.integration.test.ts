import { v7 as uuidv7 } from 'uuid';
import { listAuditEvents } from '../src/audit/list-audit-events.ts';
import { createKeyStore } from '../src/keys/key-store.ts';
import { createOwnKeys, type OwnKeys } from '../src/keys/own-keys.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let keys: OwnKeys;
beforeAll(async () => {
  db = await createMigratedDatabase();
  keys = createOwnKeys(db.database);
});
afterAll(() => db.drop());

/** Gives the ids of the keys in the order of their creation. */
async function addKeys(tenantId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  for (const id of ids) {
    await createKeyStore(db.database).storeApiKey({
      ...{ id, tenant_id: tenantId, name: 'Key', key_hash: 'ab'.repeat(32), scopes: ['inference'], expires_at: null },
      ...{ prefix: id.replaceAll('-', '').slice(-12), actor: 'api_key:x' },
    });
  }
  return ids;
}

describe("a tenant's keys", () => {
  it('are listed newest first, page by page, however many are added meanwhile', async () => {
    const { tenantId, keyId } = await createTestTenant(db.database);
    const ids = [keyId, ...(await addKeys(tenantId, 4))].toReversed();
    const first = await keys.list(tenantId, { limit: 2 });
    await addKeys(tenantId, 3);
    const second = await keys.list(tenantId, { limit: 2, before: first.at(-1)?.id });
    const third = await keys.list(tenantId, { limit: 2, before: second.at(-1)?.id });
    expect([...first, ...second, ...third].map(({ id }) => id)).toEqual(ids);
    expect(Object.keys(first[0] ?? {})).not.toContain('key_hash');
  });

  it('are revoked once, with one event that says by whom', async () => {
    const { tenantId, keyId } = await createTestTenant(db.database);
    const [id = ''] = await addKeys(tenantId, 1);
    const revoked = await keys.revoke(tenantId, id, `api_key:${keyId}`);
    expect(revoked.revoked_at).not.toBeNull();
    expect(await keys.revoke(tenantId, id, 'operator')).toEqual(revoked);
    expect(await keys.read(tenantId, id)).toEqual(revoked);
    const events = await listAuditEvents(db.database, tenantId, { limit: 10, action: 'api_key.revoked' });
    expect(events).toMatchObject([{ actor: `api_key:${keyId}`, target_type: 'api_key', target_id: id }]);
  });

  it("are not another tenant's to see or to revoke", async () => {
    const { tenantId: owner, keyId } = await createTestTenant(db.database);
    const { tenantId: stranger } = await createTestTenant(db.database);
    const missing = { code: 'NOT_FOUND', message: `There is no key ${keyId}.` };
    await expect(keys.read(stranger, keyId)).rejects.toMatchObject(missing);
    await expect(keys.revoke(stranger, keyId, 'x')).rejects.toMatchObject(missing);
    expect((await keys.read(owner, keyId)).revoked_at).toBeNull();
    expect((await keys.list(stranger, { limit: 100 })).map(({ id }) => id)).not.toContain(keyId);
  });
});

describe("a tenant's audit events", () => {
  it('are listed newest first from any number on, and by action', async () => {
    const { tenantId } = await createTestTenant(db.database);
    await addKeys(tenantId, 3);
    const all = await listAuditEvents(db.database, tenantId, { limit: 100 });
    expect(all.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1]);
    expect(all[0]).toMatchObject({
      actor: 'api_key:x',
      action: 'api_key.created',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const page = await listAuditEvents(db.database, tenantId, { limit: 2, before: 4 });
    expect(page.map(({ seq }) => seq)).toEqual([3, 2]);
    const created = await listAuditEvents(db.database, tenantId, { limit: 100, action: 'tenant.created' });
    expect(created.map(({ action }) => action)).toEqual(['tenant.created']);
  });

  it('are read by an index, wherever the page begins', async () => {
    const { tenantId } = await createTestTenant(db.database);
    await db.sql(
      `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome)
       SELECT gen_random_uuid(), $1, 'x', 'export.ready', 'export', gen_random_uuid(), 'success' FROM generate_series(1, 5000)`,
      [tenantId],
    );
    await db.sql('ANALYZE audit_events');
    for (const before of ['NULL', '2000']) {
      const plan = await db.sql(
        `EXPLAIN SELECT id FROM audit_events WHERE tenant_id = '${tenantId}'
           AND (${before}::bigint IS NULL OR seq < ${before}) ORDER BY seq DESC LIMIT 20`,
      );
      expect(JSON.stringify(plan)).toContain('Index Scan Backward using audit_events_chain');
    }
  });
});
