import { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildHome } from './build-home.ts';
import { createVenv } from './create-venv.ts';
import { linkPrograms } from './link-programs.ts';
import { runCommand } from './run-command.ts';
import { runPip } from './run-pip.ts';
import { BrokenToolError } from './tool-errors.ts';
import { toolHome } from './tools-cache.ts';
import type { InstallContext } from './install-context.ts';
import type { PipTool } from './tool.ts';

/**
 * Installs a Python tool into its own virtual environment in the cache and links its programs after each has run
 * `--help`. Throws `CommandFailedError` when a step fails and {@link BrokenToolError} when a program is missing or does not
 * work; nothing is left in the cache then.
 */
export async function installPipTool(tool: PipTool, context: InstallContext): Promise<void> {
  const home = toolHome(tool, context.env);
  await buildHome(home, async (partial) => {
    const python = await createVenv(partial, context);
    const requirement = `${tool.requirement}==${tool.pinned}`;
    await runPip(python, ['install', requirement], context);
    await relocateScripts(join(partial, 'bin'), partial, home);
  });
  try {
    for (const program of tool.programs) await checkProgram(join(home, 'bin', program), tool, context);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  await linkPrograms(tool, context.env);
}

/** Rewrites the interpreter in scripts of a virtual environment: it is an absolute path that the rename invalidates. */
async function relocateScripts(bin: string, from: string, to: string): Promise<void> {
  for (const entry of await readdir(bin)) {
    const path = join(bin, entry);
    if (!(await lstat(path)).isFile()) continue;
    // latin1 has one byte per character, so that a compiled program in this directory keeps its bytes.
    const content = await readFile(path, 'latin1');
    const fromBytes = Buffer.from(from).toString('latin1');
    if (!content.startsWith('#!') || !content.includes(fromBytes)) continue;
    await writeFile(path, content.replaceAll(fromBytes, Buffer.from(to).toString('latin1')), 'latin1');
  }
}

async function checkProgram(path: string, tool: PipTool, context: InstallContext): Promise<void> {
  context.onLine(`running ${path} --help`);
  try {
    await runCommand(path, ['--help'], context);
  } catch (error) {
    context.signal?.throwIfAborted();
    throw new BrokenToolError(`${tool.requirement}==${tool.pinned} contains no working '${path}'`, { cause: error });
  }
}
