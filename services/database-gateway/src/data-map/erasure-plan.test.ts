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

describe('erasure plan', () => {
  it('lists each table before those that it refers to, and otherwise keeps the order of the map', () => {
    const plan = planErasure({
      tenants: table({}),
      keys: table({ references: ['tenants'] }),
      rows: table({ references: ['tenants', 'keys', 'rows'] }),
      notes: table({}),
    });
    expect(plan.steps.map((step) => step.table)).toEqual(['rows', 'keys', 'tenants', 'notes']);
  });

  it('lists the anonymized columns of remaining rows, and the reason why a table is retained', () => {
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

  it('rejects circular foreign keys, dangling references, and rows without a tenant', () => {
    expect(() => planErasure({ a: table({ references: ['b'] }), b: table({ references: ['a'] }) })).toThrow('a, b');
    expect(() => planErasure({ a: table({}), b: table({ references: ['a'], erasure: 'anonymize' }) })).toThrow(
      'Rows of "b" remain, and refer to rows of "a"',
    );
    expect(() => planErasure({ a: table({ owner: 'platform', tenantPath: null }) })).toThrow('no path to a tenant');
  });

  it('has no step for rows that are deleted with their last connection to a tenant, which must be deleted itself', () => {
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
    ).toThrow('Rows of "notes" remain, and refer to rows of "users"');
  });

  it('contains every table of the data map once, and begins with tables that no other refers to', () => {
    const { steps, following, retained } = planErasure(DATA_MAP);
    const named = [...steps, ...following, ...retained].map((part) => part.table);
    expect(named.toSorted()).toEqual(Object.keys(DATA_MAP).toSorted());
    expect(following).toEqual([{ table: 'users', through: 'memberships' }]);
    const order = steps.map((step) => step.table);
    expect(order.indexOf('generation_contents')).toBeLessThan(order.indexOf('generations'));
    expect(order.at(-1)).toBe('tenants');
  });

  it('anonymizes columns only in tables whose rows remain', () => {
    const entries: [string, TableEntry][] = Object.entries(DATA_MAP);
    for (const [name, { erasure, columns }] of entries) {
      const emptied = Object.values(columns).some((column) => typeof column === 'object' && column.anonymize === true);
      expect([name, emptied]).toEqual([name, erasure === 'anonymize']);
    }
  });
});
