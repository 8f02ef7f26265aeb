import { listAuditEvents, storeApiKey, storedRoute } from '@aion/contracts';
import { createManagement, holderOf, newKey, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const list = storedRoute(listAuditEvents);

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

describe("a tenant's audit events", () => {
  it('are listed from either end, page by page, and by what they tell', async () => {
    const tenant = await createTestTenant(db.database);
    const made = [];
    for (let added = 0; added < 3; added += 1) {
      made.push((await call(storeApiKey, holderOf(tenant), { body: newKey() })).answer.id);
    }
    const read = async (query: object) => (await call(list, holderOf(tenant), { query })).answer;
    const all = await read({ limit: 100 });
    expect(all.data.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1]);
    expect(all.data[0]).toMatchObject({
      ...{ actor: `api_key:${tenant.keyId}`, action: 'api_key.created', target_id: made[2] },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const seqs = async (query: object) => (await read(query)).data.map(({ seq }) => seq);
    const { next_cursor: cursor } = await read({ limit: 2 });
    expect(await seqs({ limit: 2, cursor })).toEqual([3, 2]);
    expect(await seqs({ order: 'asc', limit: 2 })).toEqual([1, 2]);
    const { next_cursor: later } = await read({ order: 'asc', limit: 2 });
    expect(await seqs({ order: 'asc', limit: 2, cursor: later })).toEqual([3, 4]);
    expect(await seqs({ action: 'tenant.created' })).toEqual([1]);
    expect(await seqs({ actor: `api_key:${tenant.keyId}` })).toEqual([5, 4, 3]);
    expect(await seqs({ target_id: made[0] })).toEqual([3]);
    expect(await seqs({ outcome: 'failure' })).toEqual([]);
    expect(await seqs({ from: all.data[2]?.created_at })).toHaveLength(3);
    expect(await seqs({ to: all.data[4]?.created_at })).toEqual([]);
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
