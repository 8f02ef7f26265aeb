import { execFileSync } from 'node:child_process';

/** Branches that are compared with, first the one that exists in a clone of any branch. */
const MAIN_BRANCHES = ['origin/main', 'main'];

/**
 * Lists the files that differ from where this branch left the main branch, uncommitted ones included. Undefined outside
 * of a repository, or when it has no main branch.
 */
export function listChangedFiles(root: string): readonly string[] | undefined {
  const base = MAIN_BRANCHES.map((branch) => runGit(root, ['merge-base', 'HEAD', branch])).find(
    (output) => output !== undefined,
  );
  if (base === undefined) return undefined;
  const tracked = runGit(root, ['diff', '--name-only', base.trim()]);
  const untracked = runGit(root, ['ls-files', '--others', '--exclude-standard']);
  if (tracked === undefined || untracked === undefined) return undefined;
  return `${tracked}\n${untracked}`.split('\n').filter((path) => path !== '');
}

function runGit(root: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined; // Git is missing, or this is no repository: then nothing is known of changes.
  }
}
