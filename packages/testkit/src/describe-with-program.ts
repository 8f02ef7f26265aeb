import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { findProgram, installCommand, requireProgram } from './find-program.ts';

/**
 * A Jest `describe` for a suite that needs an external program and receives its path. Without the program the suite fails
 * under `CI=true`; elsewhere Jest reports it as skipped, a line on stderr says so, and one JSON line
 * `{ program, suite, file }` is appended to the file named by `AION_TEST_SKIPPED_LOG`, for the summary of the whole run.
 */
export function describeWithProgram(program: string, title: string, body: (programPath: string) => void): void {
  const path = findProgram(program);
  if (path !== undefined) {
    describe(title, () => body(path));
    return;
  }
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      it(`has ${program} to run with`, () => void requireProgram(program));
    });
    return;
  }
  noteSkipped(program, title);
  // The body is not even collected: it may use the program's path while it defines its tests.
  describe.skip(title, () => {
    it(`needs ${program}, run: ${installCommand(program)}`, () => void requireProgram(program));
  });
}

function noteSkipped(program: string, suite: string): void {
  const { testPath } = expect.getState();
  const file = testPath === undefined ? '' : relative(process.cwd(), testPath);
  process.stderr.write(`NOT RUN: "${suite}" (${file}) needs ${program}; run: ${installCommand(program)}\n`);
  const log = process.env['AION_TEST_SKIPPED_LOG'];
  if (log !== undefined && log !== '') appendFileSync(log, `${JSON.stringify({ program, suite, file })}\n`);
}
