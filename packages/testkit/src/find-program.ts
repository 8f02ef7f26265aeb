import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import which from 'which';

/**
 * Returns the absolute path of an external program, or `undefined`. Searches PATH, then the `bin` directory of the tools
 * cache, in which `pnpm tools:install` creates links.
 */
export function findProgram(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  const path = [...directories, join(toolsCache(), 'bin')].join(delimiter);
  return which.sync(name, { path, nothrow: true }) ?? undefined;
}

/**
 * Finds a program like {@link findProgram}, but fails in CI, where every suite must run.
 *
 * @throws Error under `CI=true` if the program is missing, with the command that installs it
 */
export function requireProgram(name: string): string | undefined {
  const path = findProgram(name);
  if (path === undefined && process.env['CI'] === 'true') {
    throw new Error(`${name} is neither on PATH nor in the tools cache; run: ${installCommand(name)}`);
  }
  return path;
}

/** Returns the command that installs programs. */
export function installCommand(...names: readonly string[]): string {
  return `pnpm tools:install ${names.join(' ')}`;
}

function toolsCache(): string {
  const { AION_TOOLS_DIR: own, XDG_CACHE_HOME: cacheHome } = process.env;
  if (own !== undefined && own !== '') return own;
  return join(cacheHome !== undefined && cacheHome !== '' ? cacheHome : join(homedir(), '.cache'), 'aion', 'tools');
}
