import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { recordPlatformEvent } from '../src/audit/record-platform-event.ts';
import type { Database, Query, SharedTransaction, UnscopedQuery } from '../src/database/database.ts';
import { createManagement, holderOf, newKey, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const list = internalRoute(routes.auditEvents.list);

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

/** Database that records the statements of its transactions. */
function recordQueries(database: Database): { readonly database: Database; readonly statements: readonly Query[] } {
  const statements: Query[] = [];
  const record = <T extends SharedTransaction>(transaction: T): T => ({
    ...transaction,
    query: (query: UnscopedQuery) => {
      statements.push(query);
      return transaction.query(query);
    },
  });
  return {
    statements,
    database: {
      ...database,
      withTenant: (id, run, options) => database.withTenant(id, (transaction) => run(record(transaction)), options),
      withPlatform: (run, options) => database.withPlatform((transaction) => run(record(transaction)), options),
    },
  };
}

describe("list of a tenant's audit events", () => {
  it('returns pages in both orders and filters by the fields of the events', async () => {
    const tenant = await createTestTenant(db.database);
    const made = [];
    for (let added = 0; added < 3; added += 1) {
      made.push((await call(internalRoutes.apiKeys.store, holderOf(tenant), { body: newKey() })).answer.id);
    }
    const read = async (query: object) => (await call(list, holderOf(tenant), { query })).answer;
    const all = await read({ limit: 100 });
    expect(all.data.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1]);
    expect(all.data[0]).toMatchObject({
      actor: `api_key:${tenant.keyId}`,
      action: 'api_key.created',
      target_id: made[2],
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

  it.each(['of a tenant', 'of the platform'])(
    'reads events %s by an index, wherever the page begins',
    async (whose) => {
      const tenant = whose === 'of a tenant' ? await createTestTenant(db.database) : undefined;
      const caller = tenant === undefined ? operatorFor(null) : holderOf(tenant);
      await db.sql(
        `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome)
       SELECT gen_random_uuid(), $1, 'x', 'export.ready', 'export', gen_random_uuid(), 'success' FROM generate_series(1, 5000)`,
        [tenant?.tenantId ?? null],
      );
      await db.sql('ANALYZE audit_events');
      const { database, statements } = recordQueries(db.database);
      const ask = createManagement(database);
      const { next_cursor: cursor } = (await ask(list, caller, { query: { limit: 20 } })).answer;
      await ask(list, caller, { query: { limit: 20, ...(cursor === null ? {} : { cursor }) } });
      const pages = statements.filter(({ table }) => table === 'audit_events');
      expect(pages).toHaveLength(2);
      for (const { text, values = [] } of pages) {
        const plan = JSON.stringify(await db.sql(`EXPLAIN ${text}`, [...values]));
        expect(plan).toContain('Index Scan Backward using audit_events_chain');
        expect(plan).toContain('Index Cond: (');
        expect(plan).not.toContain('Sort');
      }
    },
  );
});

describe("list of the platform's audit events", () => {
  beforeAll(async () => {
    for (let added = 0; added < 3; added += 1) {
      await recordPlatformEvent(db.database, { action: 'log_levels.changed', actor: 'service:x', service: 'web-api' });
    }
  });
  const levels = { action: 'log_levels.changed', limit: 100 };

  it('returns pages without events of tenants to an operator who names no tenant', async () => {
    await createTestTenant(db.database);
    const { answer } = await call(list, operatorFor(null), { query: levels });
    expect(answer.data).toHaveLength(3);
    expect(answer.data[0]).toMatchObject({ actor: 'service:x', target_type: 'platform', target_path: 'web-api' });
    const chain = await db.sql<{ id: string }>('SELECT id FROM audit_events WHERE tenant_id IS NULL ORDER BY seq');
    const read: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: 100, order: 'asc' as const, ...(cursor === undefined ? {} : { cursor }) };
      const page = (await call(list, operatorFor(null), { query })).answer;
      read.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(read).toEqual(chain.map(({ id }) => id));
  });

  it("returns no platform events to a tenant's key, or to an operator who names a tenant", async () => {
    const tenant = await createTestTenant(db.database);
    for (const caller of [holderOf(tenant), operatorFor(tenant.tenantId)]) {
      expect((await call(list, caller, { query: levels })).answer.data).toEqual([]);
      const { data } = (await call(list, caller)).answer;
      expect(data.map(({ action }) => action)).toEqual(['api_key.created', 'tenant.created']);
    }
  });
});
