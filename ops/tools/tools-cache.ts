import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { CachedTool, WheelTool } from './tool.ts';

/**
 * Returns the absolute path of the tools cache: `AION_TOOLS_DIR`, else `$XDG_CACHE_HOME/aion/tools`, else
 * `~/.cache/aion/tools`. It is outside the checkout, so that clones share it.
 */
export function toolsCache(env: NodeJS.ProcessEnv): string {
  const configured = env['AION_TOOLS_DIR'];
  if (configured !== undefined && configured !== '') return resolve(configured);
  const cacheHome = env['XDG_CACHE_HOME'];
  const base = cacheHome !== undefined && cacheHome !== '' ? cacheHome : join(homedir(), '.cache');
  return resolve(base, 'aion', 'tools');
}

/** Returns the directory of the cache that contains a link per program; a test runner prepends it to PATH. */
export function toolsBin(env: NodeJS.ProcessEnv): string {
  return join(toolsCache(env), 'bin');
}

/** Returns the directory of a cached tool's pinned version. It exists only when the installation is complete. */
export function toolHome(tool: CachedTool, env: NodeJS.ProcessEnv): string {
  return join(toolsCache(env), `${tool.name}-${tool.pinned}`);
}

/** Returns the path of the installed file of a wheel tool. */
export function wheelFilePath(tool: WheelTool, env: NodeJS.ProcessEnv): string {
  return join(toolHome(tool, env), basename(tool.member));
}
