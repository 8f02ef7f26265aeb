import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { toolsBin } from './tools-cache.ts';
import type { LinkedTool } from './tool.ts';

/** Returns the target of a cached program's link: relative, so that the cache's directory may be moved. */
export function cachedProgramTarget(tool: LinkedTool, program: string): string {
  return join('..', `${tool.name}-${tool.pinned}`, 'bin', program);
}

/** Links `<cache>/bin/<program>` to the tool's pinned version; a link to another version is replaced atomically. */
export async function linkPrograms(tool: LinkedTool, env: NodeJS.ProcessEnv): Promise<void> {
  const bin = toolsBin(env);
  await mkdir(bin, { recursive: true });
  for (const program of tool.programs) {
    const partial = join(bin, `.partial-${program}`);
    await rm(partial, { force: true });
    await symlink(cachedProgramTarget(tool, program), partial);
    await rename(partial, join(bin, program));
  }
}
