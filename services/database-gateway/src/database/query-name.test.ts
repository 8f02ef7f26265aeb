import type { Database, TenantTransaction } from './database.ts';
import { listQueryNames } from './query-name.ts';

const text = 'SELECT 1';
/** Never called: the compiler is what checks these. */
export const unscoped = (database: Database) => [
  database.query({ operation: 'SELECT', table: 'pg_catalog', text }),
  database.query({ operation: 'CALL', table: 'outbox', text }),
  database.query({ operation: 'INSERT', table: 'audit_events', text }),
  // @ts-expect-error A table of tenants cannot be read where no tenant is set,
  database.query({ operation: 'SELECT', table: 'generations', text }),
  // @ts-expect-error nor written,
  database.query({ operation: 'UPDATE', table: 'export_jobs', text }),
  // @ts-expect-error nor exported.
  database.query({ operation: 'COPY', table: 'tenants', text }),
];
/** In a transaction of a tenant they can. */
export const scoped = (transaction: TenantTransaction) => [
  transaction.query({ operation: 'SELECT', table: 'generations', text }),
  // @ts-expect-error A table that is not in the data map is none.
  transaction.query({ operation: 'SELECT', table: 'notes', text }),
];

describe('the names of queries', () => {
  it('are each there once', () => {
    const names = listQueryNames().map(({ operation, table }) => `${operation} ${table}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('COPY generation_contents');
  });
});
