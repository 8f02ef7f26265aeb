import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The counts of one package's tests, and which failed, as the Jest reporter wrote them. */
export interface PackageCounts {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly TestFailure[];
}

/** A failed test. */
export interface TestFailure {
  /** Path of the suite inside its package. */
  readonly file: string;
  readonly test: string;
  /** What Jest said of it, with its colours. */
  readonly message: string;
}

/** A suite that did not run for want of a program. */
export interface SkippedSuite {
  readonly program: string;
  readonly suite: string;
}

/** Reads what the reporters of all packages wrote. */
export function readCounts(directory: string): readonly PackageCounts[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => toCounts(JSON.parse(readFileSync(join(directory, file), 'utf8'))));
}

/** Reads the log of suites that did not run. */
export function readSkipped(file: string): readonly SkippedSuite[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { program, suite }: { program?: unknown; suite?: unknown } = toObject(JSON.parse(line));
      return { program: String(program), suite: String(suite) };
    });
}

/**
 * The lines that name each failed test and what it said, which a long log has far above.
 *
 * @param maxLines - The most lines of one message; the rest is in the log.
 */
export function describeFailures(counts: readonly PackageCounts[], maxLines = 40): readonly string[] {
  return counts.flatMap(({ name, failures }) =>
    failures.flatMap(({ file, test, message }) => {
      const lines = message.trimEnd().split('\n');
      const left = lines.length - maxLines;
      return [
        `${name} ${file}`,
        `  ${test}`,
        ...lines.slice(0, maxLines).map((line) => `    ${line}`),
        ...(left > 0 ? [`    (${String(left)} more lines in the log)`] : []),
      ];
    }),
  );
}

/** The lines that say which suites did not run and how to bring what they need; none when all ran. */
export function describeSkipped(skipped: readonly SkippedSuite[]): readonly string[] {
  if (skipped.length === 0) return [];
  const programs = [...new Set(skipped.map((suite) => suite.program))].toSorted();
  return [
    'These suites did not run, because a program is missing:',
    ...skipped.map(({ program, suite }) => `  - ${suite} (needs ${program})`),
    `To run them, too: pnpm tools:install ${programs.join(' ')}`,
  ];
}

function toCounts(value: unknown): PackageCounts {
  const { name, passed, failed, skipped, failures }: Partial<Record<keyof PackageCounts, unknown>> = toObject(value);
  return {
    name: String(name),
    passed: Number(passed),
    failed: Number(failed),
    skipped: Number(skipped),
    failures: Array.isArray(failures) ? failures.map(toFailure) : [],
  };
}

function toFailure(value: unknown): TestFailure {
  const { file, test, message }: Partial<Record<keyof TestFailure, unknown>> = toObject(value);
  return { file: String(file), test: String(test), message: String(message) };
}

function toObject(value: unknown): Record<string, unknown> {
  // A record of unknowns is what any object is.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
