import { formatRecord, formatTable } from './format-table.ts';

describe('a table', () => {
  it('aligns columns by what a terminal shows, numbers to the right', () => {
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

  it('ends with the total where there is one', () => {
    const total = { rows: 1000 };
    expect(formatTable(['day', 'model', 'rows'], [{ day: '2030-01-01', rows: 5 }], total).split('\n')).toEqual([
      'DAY         MODEL  ROWS',
      '2030-01-01  -         5',
      'TOTAL       -      1000',
      '',
    ]);
  });

  it('has its head when it is empty', () => {
    expect(formatTable(['id', 'created_at'], [])).toBe('ID  CREATED AT\n');
  });

  it('lets nothing of a name steer the terminal', () => {
    expect(formatTable(['name'], [{ name: 'a\u001b[2J\nb' }])).toBe('NAME\na\ufffd[2J\ufffdb\n');
  });
});

describe('a record', () => {
  it('has a line for each field, those of objects by path', () => {
    expect(formatRecord({ id: 1, bundle: { rows: 2 }, failure: null, tags: [{ a: 1 }] })).toBe(
      'id           1\nbundle.rows  2\nfailure      -\ntags         {"a":1}\n',
    );
  });
});
