import { assertObjectKey } from './assert-object-key.ts';

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('assertObjectKey', () => {
  it.each([
    'a',
    'a/b/c.age',
    'exports/0195/1/data/t0001-p00000.ndjson.zst.age',
    '.hidden',
    'a..b',
    '\u00e9',
    'a'.repeat(255),
  ])('accepts %j', (key) => expect(() => assertObjectKey(key)).not.toThrow());

  it.each(['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/./b', 'a\\b', 'a\0b', 'a\nb', '.incomplete/a'])(
    'rejects %j',
    (key) => expect(thrownBy(() => assertObjectKey(key))).toMatchObject({ code: 'INVALID_OBJECT_KEY' }),
  );

  it('rejects keys of more than 1024 bytes and segments of more than 255', () => {
    expect(() => assertObjectKey('a'.repeat(256))).toThrow(/segment/);
    expect(() => assertObjectKey(Array.from({ length: 400 }, () => 'abc').join('/'))).toThrow(/longer than 1024/);
  });
});
