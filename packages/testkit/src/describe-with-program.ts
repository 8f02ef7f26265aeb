import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { findProgram, installCommand, requireProgram } from './find-program.ts';

/**
 * Declares a Jest suite that requires an external program and receives its path. Without the program the suite fails under
 * `CI=true`; otherwise Jest reports it as skipped, a warning is printed to stderr, and a JSON line
 * `{ program, suite, file }` is appended to the file in `AION_TEST_SKIPPED_LOG` for the summary of the run.
 */
export function describeWithProgram(program: string, title: string, body: (programPath: string) => void): void {
  const path = findProgram(program);
  if (path !== undefined) {
    describe(title, () => body(path));
    return;
  }
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      it(`has ${program} available`, () => void requireProgram(program));
    });
    return;
  }
  reportSkipped(program, title);
  // Do not call the body: it may use the path of the program while it declares tests.
  describe.skip(title, () => {
    it(`requires ${program}, run: ${installCommand(program)}`, () => void requireProgram(program));
  });
}

function reportSkipped(program: string, suite: string): void {
  const { testPath } = expect.getState();
  const file = testPath === undefined ? '' : relative(process.cwd(), testPath);
  process.stderr.write(`NOT RUN: "${suite}" (${file}) needs ${program}; run: ${installCommand(program)}\n`);
  const log = process.env['AION_TEST_SKIPPED_LOG'];
  if (log !== undefined && log !== '') appendFileSync(log, `${JSON.stringify({ program, suite, file })}\n`);
}
