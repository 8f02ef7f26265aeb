import { resolve } from 'node:path';
import which from 'which';

/** Returns the absolute path of a program in PATH, or null. */
export function findProgram(program: string, env: NodeJS.ProcessEnv): string | null {
  return findPrograms(program, env)[0] ?? null;
}

/** Returns the absolute path of every program of this name, in the order of PATH. */
export function findPrograms(program: string, env: NodeJS.ProcessEnv): string[] {
  const paths = which.sync(program, { path: env['PATH'] ?? '', all: true, nothrow: true }) ?? [];
  return [...new Set(paths.map((path) => resolve(path)))];
}

/** Returns true if the absolute `path` is a file, or a link to one, that this process may execute. */
export function isExecutableFile(path: string): boolean {
  return which.sync(path, { nothrow: true }) !== null;
}
