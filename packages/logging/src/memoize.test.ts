import { memoize } from './memoize.ts';

describe('memoized function', () => {
  it('computes the result of a text once', () => {
    const computed: string[] = [];
    const toUpperCase = memoize(
      (text) => {
        computed.push(text);
        return text.toUpperCase();
      },
      { maxTexts: 10, maxLength: 5 },
    );
    expect(['a', 'b', 'a', 'a'].map((text) => toUpperCase(text))).toEqual(['A', 'B', 'A', 'A']);
    expect(computed).toEqual(['a', 'b']);
  });

  it('caches undefined results', () => {
    let calls = 0;
    const find = memoize<string | undefined>(
      () => {
        calls += 1;
        return undefined;
      },
      { maxTexts: 10, maxLength: 5 },
    );
    expect([find('a'), find('a')]).toEqual([undefined, undefined]);
    expect(calls).toBe(1);
  });

  it('does not cache results of long texts', () => {
    const length = memoize((text) => text.length, { maxTexts: 10, maxLength: 5 });
    expect([length('12345'), length('123456')]).toEqual([5, 6]);
    expect(length.size()).toBe(1);
  });

  it('stays within its bounds, however many and long the texts are', () => {
    const length = memoize((text) => text.length, { maxTexts: 10, maxLength: 5 });
    for (let i = 0; i < 10_000; i += 1) {
      expect(length(String(i))).toBe(String(i).length);
      expect(length('long'.repeat(i + 2))).toBe(4 * (i + 2));
      expect(length.size()).toBeLessThanOrEqual(10);
    }
  });
});
