import { parseArgs } from 'node:util';

/** Command line of a benchmark. */
export interface BenchArguments {
  readonly rounds: number;
  /** Counts so small that the figures mean nothing: proves that the benchmark runs. */
  readonly quick: boolean;
  /** Path of the JSON report; undefined writes none. */
  readonly json: string | undefined;
  readonly help: boolean;
  /** Values of the benchmark's own options, without those that are absent. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Inclusive limits of a whole number. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** Wrong command line; the message names the option and its valid values. */
export class WrongArgumentError extends Error {}

const DEFAULT_ROUNDS = 5;
const ROUNDS: NumberRange = { min: 5, max: 100 };

/**
 * Parses the arguments after the script's name. `numbers` are the options that a benchmark has in addition to those of all.
 *
 * @throws WrongArgumentError
 */
export function parseBenchArguments(
  args: string[],
  usage: string,
  numbers: Readonly<Record<string, NumberRange>> = {},
): BenchArguments {
  const ranges = new Map(Object.entries({ rounds: ROUNDS, ...numbers }));
  const options = readOptions(args, usage, [...ranges.keys()]);
  const { json, quick, help } = options;
  const given = new Map<string, string | boolean | undefined>(Object.entries(options));
  if (quick && given.has('rounds')) throw new WrongArgumentError('--quick runs one round: omit --rounds.');
  const values = new Map<string, number>();
  for (const [name, range] of ranges) {
    if (given.has(name)) values.set(name, parseWholeNumber(name, String(given.get(name)), range));
  }
  const { rounds = quick ? 1 : DEFAULT_ROUNDS, ...others } = Object.fromEntries(values);
  return { rounds, quick, json, help, numbers: others };
}

function readOptions(args: string[], usage: string, names: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const numbers: Record<string, typeof text> = Object.fromEntries(names.map((name) => [name, text]));
  try {
    return parseArgs({ args, options: { ...numbers, json: text, quick: flag, help: flag } }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WrongArgumentError(`${reason}\n\n${usage}`, { cause: error });
  }
}

function parseWholeNumber(name: string, text: string, { min, max }: NumberRange): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new WrongArgumentError(`--${name} ${text} is not a whole number from ${min} to ${max}.`);
}
