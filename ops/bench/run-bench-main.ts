import { writeFileSync } from 'node:fs';
import { abortOnSignals } from '../tools/abort-on-signals.ts';
import type { BenchReport } from './bench-result.ts';
import {
  parseBenchArguments,
  WrongArgumentError,
  type BenchArguments,
  type NumberRange,
} from './parse-bench-arguments.ts';
import { renderResults } from './render-results.ts';

/** Surroundings of one run of a benchmark. */
export interface BenchContext {
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Reports one step in a line. */
  readonly progress: (line: string) => void;
}

/** One benchmark with its command line. */
export interface Benchmark {
  /** Name of its script, such as `bench:data`. */
  readonly name: string;
  /** Text of `--help`. */
  readonly usage: string;
  /** Its own options that take a number, in addition to those of all benchmarks. */
  readonly numbers?: Readonly<Record<string, NumberRange>>;
  readonly run: (args: BenchArguments, context: BenchContext) => Promise<BenchReport>;
}

/**
 * Runs a benchmark from its command line: prints a table, and writes a file with `--json`. Sets the exit code to 2 for a
 * wrong command line and to 1 when something cannot be measured; a missed goal is no failure.
 */
export async function runBenchMain({ name, usage, numbers, run }: Benchmark): Promise<void> {
  const signal = abortOnSignals();
  try {
    const args = parseBenchArguments(process.argv.slice(2), usage, numbers);
    if (args.help) {
      process.stdout.write(usage);
      return;
    }
    const report = await run(args, { signal, progress: createProgress() });
    process.stdout.write(`\n${renderResults(report)}`);
    if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(report, null, 2)}\n`);
    if (args.quick) process.stdout.write('A quick run: the figures mean nothing.\n');
  } catch (error) {
    process.exitCode ??= error instanceof WrongArgumentError ? 2 : 1;
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function createProgress(): BenchContext['progress'] {
  const startedAt = performance.now();
  return (line) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
  };
}
