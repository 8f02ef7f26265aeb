import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import which from 'which';

/**
 * Absolute path of an external program that a test needs, or `undefined`: looked for on PATH, then in the `bin` directory
 * of the tools cache into which `pnpm tools:install` puts a link.
 */
export function findProgram(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  const path = [...directories, join(toolsCache(), 'bin')].join(delimiter);
  return which.sync(name, { path, nothrow: true }) ?? undefined;
}

/**
 * Like {@link findProgram}, for a suite that must not pass for want of a program where everything has to run.
 *
 * @throws Error under `CI=true` when the program is absent, naming the command that brings it.
 */
export function requireProgram(name: string): string | undefined {
  const path = findProgram(name);
  if (path === undefined && process.env['CI'] === 'true') {
    throw new Error(`${name} is neither on PATH nor in the tools cache; run: ${installCommand(name)}`);
  }
  return path;
}

/** The one command that brings the named programs. */
export function installCommand(...names: readonly string[]): string {
  return `pnpm tools:install ${names.join(' ')}`;
}

function toolsCache(): string {
  const { AION_TOOLS_DIR: own, XDG_CACHE_HOME: cacheHome } = process.env;
  if (own !== undefined && own !== '') return own;
  return join(cacheHome !== undefined && cacheHome !== '' ? cacheHome : join(homedir(), '.cache'), 'aion', 'tools');
}
