import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildHome } from './build-home.ts';
import { findProgram } from './find-program.ts';
import { linkPrograms } from './link-programs.ts';
import { runCommand } from './run-command.ts';
import { CompilerNeededError } from './tool-errors.ts';
import { toolHome } from './tools-cache.ts';
import type { InstallContext } from './install-context.ts';
import type { GoTool } from './tool.ts';

/** Of the pinned modules. An older Go from 1.21 on fetches this one by itself, unless GOTOOLCHAIN forbids it. */
const MINIMUM_GO = '1.24';

/**
 * Compiles a Go program into the cache and links it. The checkout is only read: every module's hash must be in the
 * committed `go.sum`. Throws {@link CompilerNeededError} without a Go compiler, `CommandFailedError` when it fails.
 */
export async function installGoTool(tool: GoTool, context: InstallContext): Promise<void> {
  const go = findProgram('go', context.env);
  if (go === null) throw new CompilerNeededError(tool.name, MINIMUM_GO);
  const [program] = tool.programs;
  const ldflags = `-s -w -X ${tool.versionVariable}=v${tool.pinned}`;
  // A person's own workspace and flags would decide what is built; without cgo no C compiler is needed.
  const env = { ...context.env, GOWORK: 'off', GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' };
  await buildHome(toolHome(tool, context.env), async (partial) => {
    const bin = join(partial, 'bin');
    await mkdir(bin);
    // -v names each package as it is compiled, which shows that a build of minutes lives.
    const output = ['-o', join(bin, program)];
    const build = [
      '-C',
      resolve(import.meta.dirname, tool.module),
      'build',
      '-v',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      ldflags,
    ];
    await runCommand(go, [...build, ...output, tool.mainPackage], { ...context, env });
  });
  await linkPrograms(tool, context.env);
}
