import { formatRecord, formatTable } from './format-table.ts';

describe('formatTable', () => {
  it('aligns columns by display width, numbers to the right', () => {
    const items = [
      { id: 'a', progress: { rows: 5 }, scopes: ['x', 'y'], done: true },
      { id: '日本', progress: { rows: 1000 }, scopes: [], done: null },
    ];
    expect(formatTable(['id', 'progress.rows', 'scopes', 'done'], items).split('\n')).toEqual([
      'ID    PROGRESS ROWS  SCOPES  DONE',
      'a                 5  x, y    yes',
      '日本           1000  -       -',
      '',
    ]);
  });

  it('prints the total as the last row', () => {
    const total = { rows: 1000 };
    expect(formatTable(['day', 'model', 'rows'], [{ day: '2030-01-01', rows: 5 }], total).split('\n')).toEqual([
      'DAY         MODEL  ROWS',
      '2030-01-01  -         5',
      'TOTAL       -      1000',
      '',
    ]);
  });

  it('prints only the header of an empty list', () => {
    expect(formatTable(['id', 'created_at'], [])).toBe('ID  CREATED AT\n');
  });

  it('replaces control characters in values', () => {
    expect(formatTable(['name'], [{ name: 'a\u001b[2J\nb' }])).toBe('NAME\na\ufffd[2J\ufffdb\n');
  });
});

describe('formatRecord', () => {
  it('prints a line for each field, with the path of nested fields', () => {
    expect(formatRecord({ id: 1, bundle: { rows: 2 }, failure: null, tags: [{ a: 1 }] })).toBe(
      'id           1\nbundle.rows  2\nfailure      -\ntags         {"a":1}\n',
    );
  });
});
