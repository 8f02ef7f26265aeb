import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Whether `path` is a file, or a link to one, that this process may execute. */
export function isExecutableFile(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The directories of PATH in their order, without those in `except`. */
export function pathDirectories(env: NodeJS.ProcessEnv, except: string[] = []): string[] {
  const directories = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return [...new Set(directories.map((directory) => resolve(directory)))].filter((entry) => !except.includes(entry));
}

/** Absolute path of a program in PATH, or null. */
export function findProgram(program: string, env: NodeJS.ProcessEnv): string | null {
  const found = pathDirectories(env).find((directory) => isExecutableFile(join(directory, program)));
  return found === undefined ? null : join(found, program);
}
