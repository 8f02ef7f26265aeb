import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { PackageCounts, TestFailure } from './test-results.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The part of Jest's result of a test file that is reported. */
export interface FileResult {
  readonly testFilePath: string;
  readonly numPassingTests: number;
  readonly numFailingTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
  /** Set when the file could not be run. */
  readonly testExecError?: { readonly message: string } | null | undefined;
  readonly failureMessage?: string | null | undefined;
}

/**
 * Jest reporter that writes counts and failures of each package into the directory named by `AION_TEST_RESULTS_DIR`, for
 * the summary of `pnpm test`.
 */
export default class ResultsReporter {
  onRunComplete(_contexts: unknown, { testResults }: { readonly testResults: readonly FileResult[] }): void {
    const directory = process.env['AION_TEST_RESULTS_DIR'];
    if (directory === undefined) return;
    mkdirSync(directory, { recursive: true });
    const packages = Object.groupBy(testResults, ({ testFilePath }) => packageOf(testFilePath));
    for (const [name, files = []] of Object.entries(packages)) {
      writeFileSync(join(directory, `${name}.json`), JSON.stringify(countPackage(name, files)));
    }
  }
}

/** Returns the name of the package that has a test file: of its folder in `packages` or `services`, or `ops`. */
function packageOf(path: string): string {
  const [parent = '', folder = ''] = relative(ROOT, path).split(sep);
  return parent === 'ops' ? parent : folder;
}

function countPackage(name: string, files: readonly FileResult[]): PackageCounts {
  const sum = (count: (file: FileResult) => number): number => files.reduce((total, file) => total + count(file), 0);
  return {
    name,
    passed: sum((file) => file.numPassingTests),
    failed: sum((file) => file.numFailingTests + (hasRun(file) ? 0 : 1)),
    skipped: sum((file) => file.numPendingTests),
    failures: files.flatMap(listFailures),
  };
}

function hasRun({ testExecError }: FileResult): boolean {
  return testExecError === undefined || testExecError === null;
}

/** Lists the failed tests of a file, and the file itself if it could not be run. */
function listFailures(result: FileResult): TestFailure[] {
  const file = relative(ROOT, result.testFilePath);
  const failed = result.testResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => ({ file, test: fullName, message: failureMessages.join('\n') }));
  if (hasRun(result)) return failed;
  const message = result.failureMessage ?? result.testExecError?.message ?? '';
  return [...failed, { file, test: 'The file could not be run', message }];
}
