import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

/** Writes the counts and failures of a package's test run to a directory, for the summary of `pnpm test`. */
export default class ResultsReporter {
  #config;

  constructor(globalConfig) {
    this.#config = globalConfig;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, testResults }) {
    const directory = process.env.AION_TEST_RESULTS_DIR;
    if (directory === undefined) return;
    mkdirSync(directory, { recursive: true });
    const broken = testResults.filter((suite) => suite.testExecError !== undefined).length;
    const counts = { passed: numPassedTests, failed: numFailedTests + broken, skipped: numPendingTests };
    const name = basename(this.#config.rootDir);
    const failures = testResults.flatMap((suite) => this.#describeFailures(suite));
    writeFileSync(join(directory, `${name}.json`), JSON.stringify({ name, ...counts, failures }));
  }

  /** Each failed test of a suite, or the suite itself if it could not be run. */
  #describeFailures({ testFilePath, testExecError, testResults, failureMessage }) {
    const file = relative(this.#config.rootDir, testFilePath);
    const failed = testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({ file, test: fullName, message: failureMessages.join('\n') }));
    if (testExecError === undefined) return failed;
    return [...failed, { file, test: 'The suite could not be run', message: failureMessage ?? testExecError.message }];
  }
}
