import type { Database, TenantTransaction } from './database.ts';
import { listQueryNames, toQueryName } from './query-name.ts';

const text = 'SELECT 1';
/** Never called: the compiler checks these calls. */
export const unscoped = (database: Database) => [
  database.query({ table: 'pg_catalog', text }),
  database.query({ functionOf: 'outbox', text }),
  database.query({ table: 'audit_events', text }),
  // @ts-expect-error A table of tenants cannot be read without a tenant,
  database.query({ table: 'generations', text }),
  // @ts-expect-error nor written,
  database.query({ table: 'export_jobs', text: 'UPDATE export_jobs SET state = state' }),
  // @ts-expect-error nor exported.
  database.query({ table: 'tenants', text: 'COPY tenants TO STDOUT' }),
];
/** In a transaction of a tenant it can. */
export const scoped = (transaction: TenantTransaction) => [
  transaction.query({ table: 'generations', text }),
  // @ts-expect-error A table that is not in the data map does not exist.
  transaction.query({ table: 'notes', text }),
];

describe('names of queries', () => {
  it('are listed once each', () => {
    const names = listQueryNames().map(({ operation, table }) => `${operation} ${table}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('COPY generation_contents');
  });

  it.each([
    ['SELECT 1', 'SELECT'],
    ['\n  INSERT INTO files (id) VALUES ($1)', 'INSERT'],
    ['UPDATE files SET name = $1', 'UPDATE'],
    ['DELETE FROM files', 'DELETE'],
    ['WITH known AS (SELECT 1), opened AS (\n INSERT INTO files SELECT 1) SELECT 1', 'INSERT'],
    ['WITH settled AS (UPDATE files SET name = $1 RETURNING id) SELECT id FROM settled', 'UPDATE'],
    ['WITH relation AS (SELECT 1) SELECT * FROM relation', 'SELECT'],
  ])('contain the operation of %j', (statement, operation) => {
    expect(toQueryName({ table: 'files', text: statement })).toEqual({ operation, table: 'files' });
    expect(toQueryName({ functionOf: 'files', text: statement })).toEqual({ operation: 'CALL', table: 'files' });
  });
});
