import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The counts of one package's tests, as the Jest reporter wrote them. */
export interface PackageCounts {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
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
  const { name, passed, failed, skipped }: Partial<Record<keyof PackageCounts, unknown>> = toObject(value);
  return { name: String(name), passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

function toObject(value: unknown): Record<string, unknown> {
  // A record of unknowns is what any object is.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
