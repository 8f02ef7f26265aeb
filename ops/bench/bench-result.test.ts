import { median, toResult } from './bench-result.ts';
import { parseBenchArguments } from './parse-bench-arguments.ts';
import { renderResults } from './render-results.ts';

const input = { name: 'a', unit: 'us', samples: [30, 10, 20], reference: { name: 'b', samples: [5, 10, 100] } };

describe('toResult', () => {
  it('returns the median of the rounds and of the reference, and their ratio', () => {
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
  ] as const)('compares its %s with the goal %s %d: %s', (of, op, value, met) => {
    expect(toResult({ ...input, goal: { of, op, value } }).met).toBe(met);
  });

  it('is rendered with its unit, its reference and a missed goal', () => {
    const result = toResult({ ...input, goal: { of: 'ratio', op: '<=', value: 1 } });
    const table = renderResults({ node: 'v24.0.0', cores: 2, results: [result] });
    expect(table).toMatch(/a +20 us +b 10 +2\.00 x +ratio <= 1 +MISSED\n1 of 1 goals missed: a\n/);
  });
});

describe('parseBenchArguments', () => {
  const usage = 'usage: bench';
  const numbers = { rows: { min: 1, max: 9 } };

  it('returns five rounds by default and one for a quick run', () => {
    const defaults = { rounds: 5, quick: false, json: undefined, help: false, numbers: {} };
    expect(parseBenchArguments([], usage)).toEqual(defaults);
    expect(parseBenchArguments(['--quick', '--json', 'f'], usage)).toEqual({
      ...defaults,
      rounds: 1,
      quick: true,
      json: 'f',
    });
    expect(parseBenchArguments(['--rounds', '9'], usage).rounds).toBe(9);
  });

  it("returns the numbers of a benchmark's own options", () => {
    expect(parseBenchArguments(['--rows', '9', '--rounds', '7'], usage, numbers)).toMatchObject({
      rounds: 7,
      numbers: { rows: 9 },
    });
    expect(() => parseBenchArguments(['--rows', '10'], usage, numbers)).toThrow(
      '--rows 10 is not a whole number from 1 to 9.',
    );
  });

  it('shows the usage of the benchmark when an option is unknown', () => {
    expect(() => parseBenchArguments(['--rows', '9'], usage)).toThrow(usage);
  });

  it.each([[['--rounds', '4']], [['--rounds', 'x']], [['--quick', '--rounds', '5']], [['--fast']], [['more']]])(
    'rejects %j',
    (args) => {
      expect(() => parseBenchArguments(args, usage)).toThrow();
    },
  );
});
