import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram, findPrograms, isExecutableFile } from './find-program.ts';
import { runCommand } from './run-command.ts';
import { CommandFailedError } from './tool-errors.ts';
import { cachedProgramTarget } from './link-programs.ts';
import { toolsBin, wheelFilePath } from './tools-cache.ts';
import type { DebianTool, InstalledTool, LinkedTool, Tool, VersionCommand, WheelTool } from './tool.ts';

const VERSION_TIMEOUT_MS = 10_000;

/**
 * Finds a tool that is already there: in PATH as it is, else the catalogue's version in the cache. A program
 * that does not answer its version command (a shim without the program, a broken environment) does not count.
 */
export async function locateTool(tool: Tool, env: NodeJS.ProcessEnv): Promise<InstalledTool | null> {
  if (tool.kind === 'wheel') return locateFile(tool, env);
  return (await locateInPath(tool, env)) ?? (tool.kind === 'debian' ? null : locateInCache(tool, env));
}

function locateFile(tool: WheelTool, env: NodeJS.ProcessEnv): InstalledTool | null {
  const path = wheelFilePath(tool, env);
  // The hash was checked before the directory got its name; the size catches a file that was cut since.
  if (statSync(path, { throwIfNoEntry: false })?.size !== tool.bytes) return null;
  return { name: tool.name, version: tool.pinned, path };
}

async function locateInPath(tool: DebianTool | LinkedTool, env: NodeJS.ProcessEnv): Promise<InstalledTool | null> {
  // The cache's own links are left out: after a new pin they may still point at the old version.
  const [first = tool.name, ...others] = tool.programs;
  if (!others.every((program) => findProgram(program, env) !== null)) return null;
  for (const path of findPrograms(first, env)) {
    if (dirname(path) === toolsBin(env)) continue;
    const version = await readVersion(path, tool.version, env);
    if (version !== null) return { name: tool.name, version, path };
  }
  return null;
}

async function locateInCache(tool: LinkedTool, env: NodeJS.ProcessEnv): Promise<InstalledTool | null> {
  const [first = tool.name]: readonly string[] = tool.programs;
  for (const program of tool.programs) {
    const link = join(toolsBin(env), program);
    if (!isExecutableFile(link) || readlinkSync(link) !== cachedProgramTarget(tool, program)) return null;
  }
  const path = join(toolsBin(env), first);
  const version = await readVersion(path, tool.version, env);
  const expected = tool.kind === 'npm' ? tool.programVersion : tool.pinned;
  return version === expected ? { name: tool.name, version, path } : null;
}

async function readVersion(path: string, command: VersionCommand, env: NodeJS.ProcessEnv): Promise<string | null> {
  // A link's target comes first: in a virtual environment the interpreter lies beside the target only.
  const program = [dirname(realpathSync(path)), dirname(path)]
    .map((directory) => join(directory, command.program))
    .find(isExecutableFile);
  if (program === undefined) return null;
  try {
    const output = await runCommand(program, command.args, { env, timeoutMs: VERSION_TIMEOUT_MS });
    return command.pattern.exec(output)?.[1] ?? null;
  } catch (error) {
    if (error instanceof CommandFailedError) return null;
    throw error;
  }
}
