import { remember } from './remember.ts';

describe('a function that remembers', () => {
  it('computes a text once', () => {
    const computed: string[] = [];
    const shout = remember((text) => (computed.push(text), text.toUpperCase()), { maxTexts: 10, maxLength: 5 });
    expect(['a', 'b', 'a', 'a'].map((text) => shout(text))).toEqual(['A', 'B', 'A', 'A']);
    expect(computed).toEqual(['a', 'b']);
  });

  it('remembers that there was nothing', () => {
    let calls = 0;
    const find = remember<string | undefined>(() => ((calls += 1), undefined), { maxTexts: 10, maxLength: 5 });
    expect([find('a'), find('a')]).toEqual([undefined, undefined]);
    expect(calls).toBe(1);
  });

  it('remembers no long text', () => {
    const length = remember((text) => text.length, { maxTexts: 10, maxLength: 5 });
    expect([length('12345'), length('123456')]).toEqual([5, 6]);
    expect(length.size()).toBe(1);
  });

  it('stays within its bounds, however many and long the texts are', () => {
    const length = remember((text) => text.length, { maxTexts: 10, maxLength: 5 });
    for (let i = 0; i < 10_000; i += 1) {
      expect(length(String(i))).toBe(String(i).length);
      expect(length('long'.repeat(i + 2))).toBe(4 * (i + 2));
      expect(length.size()).toBeLessThanOrEqual(10);
    }
  });
});
