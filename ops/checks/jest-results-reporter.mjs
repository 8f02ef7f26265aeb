import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Writes the counts of a package's test run to a directory, for the summary of `pnpm test`. */
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
    writeFileSync(join(directory, `${name}.json`), JSON.stringify({ name, ...counts }));
  }
}
