import { median, toResult } from './bench-result.ts';
import { parseBenchArguments } from './parse-bench-arguments.ts';
import { renderResults } from './render-results.ts';

const input = { name: 'a', unit: 'us', samples: [30, 10, 20], reference: { name: 'b', samples: [5, 10, 100] } };

describe('a result', () => {
  it('is the median of its rounds beside the median of its reference', () => {
    expect(toResult({ ...input, goal: undefined })).toEqual({
      name: 'a',
      value: 20,
      unit: 'us',
      reference: { name: 'b', value: 10 },
      ratio: 2,
      goal: null,
      met: null,
    });
    expect(median([1, 4, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });

  it.each([
    ['value', '<=', 20, true],
    ['value', '<=', 19, false],
    ['value', '>=', 21, false],
    ['ratio', '<=', 1.9, false],
    ['ratio', '>=', 2, true],
  ] as const)('holds its goal %s %s %d: %s', (of, op, value, met) => {
    expect(toResult({ ...input, goal: { of, op, value } }).met).toBe(met);
  });

  it('is shown with its unit, its reference and a missed goal', () => {
    const result = toResult({ ...input, goal: { of: 'ratio', op: '<=', value: 1 } });
    const table = renderResults({ node: 'v24.0.0', cores: 2, results: [result] });
    expect(table).toMatch(/a +20 us +b 10 +2\.00 x +ratio <= 1 +MISSED\n1 of 1 goals missed: a\n/);
  });
});

describe('the command line of a benchmark', () => {
  it('has five rounds, of which a quick run does one', () => {
    expect(parseBenchArguments([])).toEqual({ rounds: 5, quick: false, json: undefined, help: false });
    expect(parseBenchArguments(['--quick', '--json', 'f'])).toEqual({ rounds: 1, quick: true, json: 'f', help: false });
    expect(parseBenchArguments(['--rounds', '9']).rounds).toBe(9);
  });

  it.each([[['--rounds', '4']], [['--rounds', 'x']], [['--quick', '--rounds', '5']], [['--fast']], [['more']]])(
    'refuses %j',
    (args) => {
      expect(() => parseBenchArguments(args)).toThrow();
    },
  );
});
