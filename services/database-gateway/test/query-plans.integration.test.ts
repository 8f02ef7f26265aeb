import { getUsage, listGenerations, storedRoute } from '@aion/contracts';
import { createManagement, holderOf } from './support/management.ts';
import { findWholeTableReads } from './support/query-plans.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());

/** Every test of this package that has a database asks the same of what it has run, when it drops it. */
describe('the statements of the service', () => {
  it('are found when they read a table that grows from end to end, with their text', async () => {
    const call = createManagement(db.database);
    const owner = holderOf(await createTestTenant(db.database));
    const ask = async () => {
      await call(storedRoute(getUsage), owner, { query: { group_by: 'model' } });
      await call(storedRoute(listGenerations), owner, { query: { from: '2026-01-01T00:00:00Z' } });
      return findWholeTableReads(db.appUrl);
    };
    expect(await ask()).toEqual([]);
    await db.sql('DROP INDEX usage_deltas_by_tenant');
    const found = await ask();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^Seq Scan on usage_deltas: SELECT model, .*FROM usage_deltas/s);
  });

  it('are found when all that an index gives them is its order', async () => {
    await db.database.withTenant('01890a5d-0000-7000-8000-000000000001', (transaction) =>
      // Begins as a statement of the service does.
      transaction.query({
        ...({ operation: 'SELECT', table: 'generations' } as const),
        text: `
          SELECT id FROM generations
          ORDER BY id LIMIT $1`,
        values: [1],
      }),
    );
    // The policy of row-level security alone gives the condition on the tenant: as the superuser there is none.
    expect(await findWholeTableReads(db.superuserUrl)).toContainEqual(
      expect.stringMatching(/^Index Only Scan without a condition on generations_\d{4}_\d{2}: SELECT id/),
    );
  });
});

/** As every test does, when it drops its database. */
describe('the names of the statements', () => {
  const FILES = 'SELECT path, key, bytes, sha256 FROM export_files WHERE tenant_id = $1 AND export_id = $2';
  const values = ['01890a5d-0000-7000-8000-000000000001', '01890a5d-0000-7000-8000-000000000002'];

  it.each([
    ['a table of tenants behind the catalogue', { operation: 'SELECT', table: 'pg_catalog' }],
    ['one behind a function', { operation: 'CALL', table: 'outbox' }],
    ['one behind a table that the platform has rows in', { operation: 'SELECT', table: 'audit_events' }],
  ] as const)('are found out when they hide %s', async (_what, name) => {
    const own = await createMigratedDatabase();
    await own.database.query({ ...name, text: FILES, values });
    await expect(own.drop()).rejects.toThrow(`${name.operation} ${name.table} reaches export_files`);
  });

  it('are those of what is reached, else', async () => {
    const own = await createMigratedDatabase();
    const query = { operation: 'SELECT', table: 'export_files', text: FILES, values } as const;
    await own.database.withTenant(values[0] ?? '', (transaction) => transaction.query(query));
    await own.drop();
  });
});
