import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type CheckException, type Finding, selectFindings } from './select-findings.ts';

/** A check that reads one file at a time. */
export interface FileCheck {
  readonly name: string;
  readonly files: RegExp;
  readonly exceptions: readonly CheckException[];
  readonly check: (path: string, text: string) => readonly Finding[];
}

/**
 * Runs a check on the files of the repository and sets the exit code. With paths as arguments it prints the findings
 * below them; without, it checks all files and also rejects exceptions that match nothing.
 */
export function runFileCheck({ name, files, exceptions, check }: FileCheck): void {
  const paths = process.argv.slice(2);
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard', '--', ...paths], {
    encoding: 'utf8',
  });
  const texts = new Map<string, string>();
  for (const path of listed.split('\0'))
    if (files.test(path) && existsSync(path)) texts.set(path, readFileSync(path, 'utf8'));
  const { selected, stale } = selectFindings(
    [...texts].flatMap(([path, text]) => [...check(path, text)].sort((a, b) => a.line - b.line)),
    {
      exceptions,
      readLine: (path, line) => texts.get(path)?.split('\n')[line - 1] ?? '',
    },
  );
  const problems = selected.map(({ path, line, message }) => `${path}:${line}: ${message}`);
  if (paths.length === 0) problems.push(...stale.map((entry) => `${name}: ${entry}, remove it from its list`));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${name}: ${texts.size} files, ${problems.length} violations.\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
