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

  it('covers every table of the data map once, and begins with what nothing points to', () => {
    const { steps, retained } = planErasure(DATA_MAP);
    const named = [...steps, ...retained].map((part) => part.table);
    expect(named.toSorted()).toEqual(Object.keys(DATA_MAP).toSorted());
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
