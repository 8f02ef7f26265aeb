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
 * Finds an installed tool: any version in PATH, else the catalogue's version in the cache. A program whose version command
 * fails (a shim without the program, a broken environment) counts as missing.
 */
export async function locateTool(tool: Tool, env: NodeJS.ProcessEnv): Promise<InstalledTool | null> {
  if (tool.kind === 'wheel') return locateFile(tool, env);
  return (await locateInPath(tool, env)) ?? (tool.kind === 'debian' ? null : locateInCache(tool, env));
}

function locateFile(tool: WheelTool, env: NodeJS.ProcessEnv): InstalledTool | null {
  const path = wheelFilePath(tool, env);
  // The hash was verified at installation; the size detects a file that was truncated since.
  if (statSync(path, { throwIfNoEntry: false })?.size !== tool.bytes) return null;
  return { name: tool.name, version: tool.pinned, path };
}

async function locateInPath(tool: DebianTool | LinkedTool, env: NodeJS.ProcessEnv): Promise<InstalledTool | null> {
  const [first = tool.name, ...others] = tool.programs;
  if (!others.every((program) => findProgram(program, env) !== null)) return null;
  for (const path of findPrograms(first, env)) {
    // Links of the cache are excluded: after a change of the pinned version they may still point to the old one.
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
  // The directory of the link's target is tried first: only it contains the interpreter of a virtual environment.
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
