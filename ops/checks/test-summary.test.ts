import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ResultsReporter from './jest-results-reporter.mjs';
import { describeFailures, describeSkipped, readCounts, readSkipped } from './test-summary.ts';

describe('the summary of the tests', () => {
  let scratch: string;
  const givenDirectory = process.env['AION_TEST_RESULTS_DIR'];

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'aion-summary-'));
    process.env['AION_TEST_RESULTS_DIR'] = join(scratch, 'results');
  });

  afterEach(() => {
    rmSync(scratch, { recursive: true, force: true });
    if (givenDirectory === undefined) delete process.env['AION_TEST_RESULTS_DIR'];
    else process.env['AION_TEST_RESULTS_DIR'] = givenDirectory;
  });

  const report = (
    testResults: readonly Record<string, unknown>[],
    [passed, failed]: readonly [passed: number, failed: number],
  ): void => {
    const reporter = new ResultsReporter({ rootDir: '/packages/http' });
    reporter.onRunComplete([], {
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: 0,
      testResults: testResults.map((suite) => ({ testFilePath: '/packages/http/test/a.test.ts', ...suite })),
    });
  };

  it('names each failed test, its suite and what it said', () => {
    report(
      [
        {
          testResults: [
            { status: 'passed', fullName: 'a server starts', failureMessages: [] },
            { status: 'failed', fullName: 'a server stops', failureMessages: ['Error: it did not\n    at a.ts:1'] },
          ],
        },
      ],
      [1, 1],
    );
    const counts = readCounts(join(scratch, 'results'));
    expect(counts).toMatchObject([{ name: 'http', passed: 1, failed: 1, skipped: 0 }]);
    expect(describeFailures(counts)).toEqual([
      'http test/a.test.ts',
      '  a server stops',
      '    Error: it did not',
      '        at a.ts:1',
    ]);
  });

  it('counts a suite that could not be run as a failure, and names it', () => {
    report(
      [{ testResults: [], testExecError: new Error('no such module'), failureMessage: 'Cannot find module' }],
      [0, 0],
    );
    const counts = readCounts(join(scratch, 'results'));
    expect(counts).toMatchObject([{ passed: 0, failed: 1 }]);
    expect(describeFailures(counts)).toEqual([
      'http test/a.test.ts',
      '  The suite could not be run',
      '    Cannot find module',
    ]);
  });

  it('cuts off a message that is too long, and says how much of it', () => {
    const counts = [
      { name: 'http', passed: 0, failed: 1, skipped: 0, failures: [{ file: 'a', test: 'b', message: '1\n2\n3\n' }] },
    ];
    expect(describeFailures(counts, 2)).toEqual(['http a', '  b', '    1', '    2', '    (1 more lines in the log)']);
  });

  it('says which suites did not run, and how to bring what they need', () => {
    mkdirSync(scratch, { recursive: true });
    const log = join(scratch, 'skipped.ndjson');
    writeFileSync(log, '{"program":"age","suite":"bundles"}\n');
    expect(describeSkipped(readSkipped(log))).toEqual([
      'These suites did not run, because a program is missing:',
      '  - bundles (needs age)',
      'To run them, too: pnpm tools:install age',
    ]);
  });
});
