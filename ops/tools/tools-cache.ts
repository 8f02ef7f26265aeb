import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { CachedTool, WheelTool } from './tool.ts';

/**
 * Absolute path of the tools cache: `AION_TOOLS_DIR`, else `$XDG_CACHE_HOME/aion/tools`, else
 * `~/.cache/aion/tools`. Outside the checkout, so that a fresh clone finds what another one installed.
 */
export function toolsCache(env: NodeJS.ProcessEnv): string {
  const chosen = env['AION_TOOLS_DIR'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  const cacheHome = env['XDG_CACHE_HOME'];
  const base = cacheHome !== undefined && cacheHome !== '' ? cacheHome : join(homedir(), '.cache');
  return resolve(base, 'aion', 'tools');
}

/** The directory of the cache that holds a link per program; a test runner puts it in front of PATH. */
export function toolsBin(env: NodeJS.ProcessEnv): string {
  return join(toolsCache(env), 'bin');
}

/** The directory of one pinned version of a cached tool. It exists only when it is whole. */
export function toolHome(tool: CachedTool, env: NodeJS.ProcessEnv): string {
  return join(toolsCache(env), `${tool.name}-${tool.pinned}`);
}

/** Where the file of a wheel tool ends up. */
export function wheelFilePath(tool: WheelTool, env: NodeJS.ProcessEnv): string {
  return join(toolHome(tool, env), basename(tool.member));
}
