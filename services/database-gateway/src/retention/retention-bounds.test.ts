import { retentionBounds, WIDEST_BOUNDS } from './retention-bounds.ts';

describe('retentionBounds', () => {
  it('returns the widest bounds for classes that are not named', () => {
    expect(retentionBounds.parse('')).toEqual(WIDEST_BOUNDS);
    expect(retentionBounds.parse('content=7..90:30, audit=1000..3650')).toEqual({
      ...WIDEST_BOUNDS,
      content: { minDays: 7, maxDays: 90, defaultDays: 30 },
      audit: { minDays: 1_000, maxDays: 3_650, defaultDays: 1_000 },
    });
  });

  it.each([
    ['audit=364..3650', 'bounds can only be tighter'],
    ['operational=1..366', 'bounds can only be tighter'],
    ['content=9..8', 'bounds can only be tighter'],
    ['content=7..90:91', 'has a default outside of its bounds'],
    ['content=7..90:6', 'has a default outside of its bounds'],
    ['proof=7..90', 'names no class'],
    ['content=7', 'is not of the form'],
  ])('rejects %s: %s', (text, sentence) => {
    const { error } = retentionBounds.safeParse(text);
    expect(error?.issues.map(({ message }) => message).join()).toContain(sentence);
  });
});
