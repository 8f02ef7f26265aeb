import { checkObjectKey } from './check-object-key.ts';

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('checkObjectKey', () => {
  it.each([
    'a',
    'a/b/c.age',
    'exports/0195/1/data/t0001-p00000.ndjson.zst.age',
    '.hidden',
    'a..b',
    '\u00e9',
    'a'.repeat(255),
  ])('accepts %j', (key) => expect(() => checkObjectKey(key)).not.toThrow());

  it.each(['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/./b', 'a\\b', 'a\0b', 'a\nb', '.incomplete/a'])(
    'refuses %j',
    (key) => expect(thrownBy(() => checkObjectKey(key))).toMatchObject({ code: 'INVALID_OBJECT_KEY' }),
  );

  it('refuses long keys and long segments', () => {
    expect(() => checkObjectKey('a'.repeat(256))).toThrow(/segment/);
    expect(() => checkObjectKey(Array.from({ length: 400 }, () => 'abc').join('/'))).toThrow(/longer than 1024/);
  });
});
