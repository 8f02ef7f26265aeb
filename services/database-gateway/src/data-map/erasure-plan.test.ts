import { DATA_MAP } from './data-map.ts';
import { planErasure } from './erasure-plan.ts';
import { BY_TENANT_ID, type TableEntry } from './table-entry.ts';

const table = (entry: Partial<TableEntry>): TableEntry => ({
  purpose: 'Test.',
  owner: 'tenant',
  tenantPath: BY_TENANT_ID,
  primaryKey: ['id'],
  references: [],
  exportPolicy: 'rows',
  erasure: 'delete',
  retention: 'account',
  columns: { id: 'identity' },
  ...entry,
});

describe('the plan of an erasure', () => {
  it('has each table before those that it refers to, and else keeps the order of the map', () => {
    const plan = planErasure({
      tenants: table({}),
      keys: table({ references: ['tenants'] }),
      rows: table({ references: ['tenants', 'keys', 'rows'] }),
      notes: table({}),
    });
    expect(plan.steps.map((step) => step.table)).toEqual(['rows', 'keys', 'tenants', 'notes']);
  });

  it('names the columns that are emptied where a row is kept, and why a table is left alone', () => {
    const plan = planErasure({
      tenants: table({
        erasure: 'anonymize',
        columns: { id: 'identity', name: { dataClass: 'identity', anonymize: true }, key: 'secret' },
      }),
      proofs: table({ references: ['tenants'], erasure: { retain: 'Proof.', until: 'the end' } }),
    });
    expect(plan.steps).toEqual([
      { table: 'tenants', strategy: 'anonymize', tenantPath: BY_TENANT_ID, anonymized: ['name'] },
    ]);
    expect(plan.retained).toEqual([{ table: 'proofs', reason: 'Proof.', until: 'the end' }]);
  });

  it('refuses foreign keys in a circle, rows that would point to nothing, and rows without a tenant', () => {
    expect(() => planErasure({ a: table({ references: ['b'] }), b: table({ references: ['a'] }) })).toThrow('a, b');
    expect(() => planErasure({ a: table({}), b: table({ references: ['a'], erasure: 'anonymize' }) })).toThrow(
      'Rows of "b" are kept, and point to rows of "a"',
    );
    expect(() => planErasure({ a: table({ owner: 'platform', tenantPath: null }) })).toThrow('no path to a tenant');
  });

  it('has no step for rows that go with the last that leads to a tenant, which must be deleted itself', () => {
    const memberships = table({ references: ['users'] });
    const users = table({
      tenantPath: { key: 'id', through: 'memberships', reference: 'user_id', column: 'tenant_id' },
      erasure: 'with_last_membership',
    });
    const plan = planErasure({ users, memberships });
    expect(plan.steps.map((step) => step.table)).toEqual(['memberships']);
    expect(plan.following).toEqual([{ table: 'users', through: 'memberships' }]);
    const kept = table({ ...memberships, erasure: { retain: 'Proof.', until: 'the end' }, references: [] });
    expect(() => planErasure({ users, memberships: kept })).toThrow('no such rows are deleted');
    expect(() => planErasure({ users: table({ erasure: 'with_last_membership' }) })).toThrow(
      'no such rows are deleted',
    );
    expect(() =>
      planErasure({ users, memberships, notes: table({ references: ['users'], erasure: 'anonymize' }) }),
    ).toThrow('Rows of "notes" are kept, and point to rows of "users"');
  });

  it('covers every table of the data map once, and begins with what nothing points to', () => {
    const { steps, following, retained } = planErasure(DATA_MAP);
    const named = [...steps, ...following, ...retained].map((part) => part.table);
    expect(named.toSorted()).toEqual(Object.keys(DATA_MAP).toSorted());
    expect(following).toEqual([{ table: 'users', through: 'memberships' }]);
    const order = steps.map((step) => step.table);
    expect(order.indexOf('generation_contents')).toBeLessThan(order.indexOf('generations'));
    expect(order.at(-1)).toBe('tenants');
  });

  it('empties columns of no table whose rows it deletes', () => {
    const entries: [string, TableEntry][] = Object.entries(DATA_MAP);
    for (const [name, { erasure, columns }] of entries) {
      const emptied = Object.values(columns).some((column) => typeof column === 'object' && column.anonymize === true);
      expect([name, emptied]).toEqual([name, erasure === 'anonymize']);
    }
  });
});
