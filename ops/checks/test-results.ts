import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Test counts and failures of one package, as written by the results reporter. */
export interface PackageCounts {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly TestFailure[];
}

/** Failed test. */
export interface TestFailure {
  /** Path of the test file from the root of the repository. */
  readonly file: string;
  readonly test: string;
  /** Message of Jest, including its ANSI colours. */
  readonly message: string;
}

/** Suite that did not run. */
export interface SkippedSuite {
  readonly suite: string;
  /** Name of the missing program. */
  readonly program?: string | undefined;
  /** Folder that the suite tests exclusively, and in which nothing changed. */
  readonly unchanged?: string | undefined;
}

/** Reads the test results of all packages. */
export function readTestResults(directory: string): readonly PackageCounts[] {
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
      const { program, suite, unchanged } = toObject(JSON.parse(line));
      return { suite: String(suite), program: toText(program), unchanged: toText(unchanged) };
    });
}

/**
 * Lists each failed test with its message, which may be far above in a long log.
 *
 * @param maxLines - Limit of lines of one message; the rest is in the log.
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

/** Lists the suites that did not run, and the commands that run them. Empty when all ran. */
export function describeSkipped(skipped: readonly SkippedSuite[]): readonly string[] {
  const missing = skipped.filter(({ program }) => program !== undefined);
  const unchanged = skipped.filter((suite) => suite.unchanged !== undefined);
  const programs = [...new Set(missing.map(({ program }) => program))].toSorted();
  const lines: string[] = [];
  if (missing.length > 0) {
    lines.push('These suites did not run, because a program is missing:');
    lines.push(...missing.map(({ program, suite }) => `  - ${suite} (needs ${String(program)})`));
    lines.push(`To run them as well: pnpm tools:install ${programs.join(' ')}`);
  }
  if (unchanged.length > 0) {
    lines.push('These suites did not run, because nothing that they test has changed:');
    lines.push(...unchanged.map(({ suite, unchanged: folder }) => `  - ${suite} (tests ${String(folder)} only)`));
    lines.push('To run them as well: pnpm test --all');
  }
  return lines;
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
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
  // Any object is a record of unknown values.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
