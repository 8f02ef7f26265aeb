import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ResultsReporter, { type FileResult } from './results-reporter.ts';
import { describeFailures, describeSkipped, readTestResults, readSkipped } from './test-results.ts';

const root = resolve(import.meta.dirname, '../..');

describe('summary of test results', () => {
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

  const report = (results: readonly Partial<FileResult>[]): void => {
    const complete = results.map((result) => ({
      testFilePath: join(root, 'packages/http/test/a.test.ts'),
      numPassingTests: 0,
      numFailingTests: 0,
      numPendingTests: 0,
      testResults: [],
      ...result,
    }));
    new ResultsReporter().onRunComplete([], { testResults: complete });
  };

  it('names each failed test, its file and its message', () => {
    report([
      {
        numPassingTests: 1,
        numFailingTests: 1,
        testResults: [
          { status: 'passed', fullName: 'a server starts', failureMessages: [] },
          { status: 'failed', fullName: 'a server stops', failureMessages: ['Error: it did not\n    at a.ts:1'] },
        ],
      },
    ]);
    const counts = readTestResults(join(scratch, 'results'));
    expect(counts).toMatchObject([{ name: 'http', passed: 1, failed: 1, skipped: 0 }]);
    expect(describeFailures(counts)).toEqual([
      'http packages/http/test/a.test.ts',
      '  a server stops',
      '    Error: it did not',
      '        at a.ts:1',
    ]);
  });

  it('counts a file that could not be run as a failure, and names it', () => {
    report([{ testExecError: new Error('no such module'), failureMessage: 'Cannot find module' }]);
    const counts = readTestResults(join(scratch, 'results'));
    expect(counts).toMatchObject([{ passed: 0, failed: 1 }]);
    expect(describeFailures(counts)).toEqual([
      'http packages/http/test/a.test.ts',
      '  The file could not be run',
      '    Cannot find module',
    ]);
  });

  it('cuts off a message that is too long and counts the lines that are missing', () => {
    const counts = [
      { name: 'http', passed: 0, failed: 1, skipped: 0, failures: [{ file: 'a', test: 'b', message: '1\n2\n3\n' }] },
    ];
    expect(describeFailures(counts, 2)).toEqual(['http a', '  b', '    1', '    2', '    (1 more lines in the log)']);
  });

  it('lists suites that did not run with the command that installs what they need', () => {
    const log = join(scratch, 'skipped.ndjson');
    writeFileSync(log, '{"program":"age","suite":"bundles"}\n');
    expect(describeSkipped(readSkipped(log))).toEqual([
      'These suites did not run, because a program is missing:',
      '  - bundles (needs age)',
      'To run them as well: pnpm tools:install age',
    ]);
  });

  it('lists suites that were omitted because nothing changed with the command that runs them', () => {
    const log = join(scratch, 'skipped.ndjson');
    writeFileSync(log, '{"suite":"tools:integration","unchanged":"ops"}\n');
    expect(describeSkipped(readSkipped(log))).toEqual([
      'These suites did not run, because nothing that they test has changed:',
      '  - tools:integration (tests ops only)',
      'To run them as well: pnpm test --all',
    ]);
  });

  it('adds up the lanes of each package and separates packages', () => {
    report([
      { numPassingTests: 2 },
      { numPassingTests: 3, numPendingTests: 1, testFilePath: join(root, 'packages/http/test/b.integration.test.ts') },
      { numPassingTests: 4, testFilePath: join(root, 'ops/tools/a.test.ts') },
    ]);
    expect(readTestResults(join(scratch, 'results'))).toEqual([
      { name: 'http', passed: 5, failed: 0, skipped: 1, failures: [] },
      { name: 'ops', passed: 4, failed: 0, skipped: 0, failures: [] },
    ]);
  });
});
