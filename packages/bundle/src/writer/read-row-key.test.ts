import { readRowKey } from './read-row-key.ts';

const read = (row: string, ...columns: string[]) => readRowKey(Buffer.from(row), columns, 'public.t');

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('readRowKey', () => {
  it('retains the digits of numbers beyond 2^53', () => {
    expect(read('{"id":9223372036854775807,"n":0.10000000000000000001}', 'n', 'id')).toEqual([
      '0.10000000000000000001',
      '9223372036854775807',
    ]);
  });

  it('reads strings without their quotes, and booleans', () => {
    expect(read('{"id":"a\\"b","flag":true}', 'id', 'flag')).toEqual(['a"b', 'true']);
  });

  it('reads keys of the row itself, not of nested objects', () => {
    expect(read('{"a":{"id":1},"id":2,"b":[{"id":3}]}', 'id')).toEqual(['2']);
  });

  it('returns an empty key for a table without an order', () => {
    expect(read('not read')).toEqual([]);
  });

  it.each(['{"x":1}', '{"a":{"id":1}}', '{"id":null}', '{"id":[1]}', '[1]', 'nonsense', ''])(
    'rejects the row %j',
    (row) => {
      expect(thrownBy(() => read(row, 'id'))).toMatchObject({ code: 'ROW_KEY_MISSING' });
    },
  );
});
