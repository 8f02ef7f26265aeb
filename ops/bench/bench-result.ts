import { availableParallelism } from 'node:os';

/** Condition that a result should meet. */
export interface Goal {
  readonly of: 'value' | 'ratio';
  readonly op: '<=' | '>=';
  readonly value: number;
}

/** One figure of a benchmark: the median of its rounds. */
export interface BenchResult {
  /** Stable: histories of results are keyed by it. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The figure that it is compared with, measured in the same run. */
  readonly reference: { readonly name: string; readonly value: number } | null;
  /** `value` divided by the reference's value. */
  readonly ratio: number | null;
  readonly goal: Goal | null;
  readonly met: boolean | null;
}

/** Report of a benchmark, in the JSON format that all benchmarks write. */
export interface BenchReport {
  readonly node: string;
  readonly cores: number;
  readonly results: readonly BenchResult[];
}

/** Measurements from which a result is derived. */
export interface ResultInput {
  readonly name: string;
  readonly unit: string;
  /** One value per round. */
  readonly samples: readonly number[];
  readonly reference: { readonly name: string; readonly samples: readonly number[] } | undefined;
  readonly goal: Goal | undefined;
}

/** Returns the middle value, or the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('An empty list has no median.');
  return (lower + upper) / 2;
}

/** Derives a result from its samples and compares it with its goal. */
export function toResult({ name, unit, samples, reference, goal }: ResultInput): BenchResult {
  const value = round(median(samples));
  const base = reference === undefined ? null : { name: reference.name, value: round(median(reference.samples)) };
  const ratio = base === null || base.value === 0 ? null : round(value / base.value);
  return { name, value, unit, reference: base, ratio, goal: goal ?? null, met: isMet(goal, value, ratio) };
}

/** Creates a report that names this process's Node.js and the machine's cores. */
export function toReport(results: readonly BenchResult[]): BenchReport {
  return { node: process.version, cores: availableParallelism(), results };
}

function isMet(goal: Goal | undefined, value: number, ratio: number | null): boolean | null {
  const actual = goal?.of === 'ratio' ? ratio : value;
  if (goal === undefined || actual === null) return null;
  return goal.op === '<=' ? actual <= goal.value : actual >= goal.value;
}

/** Rounds to four significant digits: more would claim a precision that no round has. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
