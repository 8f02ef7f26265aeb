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

/** Version that the pinned modules need. Go from 1.21 on downloads it unless GOTOOLCHAIN forbids that. */
const MINIMUM_GO = '1.24';

/**
 * Compiles a Go program into the cache and links it. Writes nothing to the checkout: every module's hash must be in the
 * committed `go.sum`. Throws {@link CompilerNeededError} without a Go compiler, `CommandFailedError` when the build fails.
 */
export async function installGoTool(tool: GoTool, context: InstallContext): Promise<void> {
  const go = findProgram('go', context.env);
  if (go === null) throw new CompilerNeededError(tool.name, MINIMUM_GO);
  const [program] = tool.programs;
  const ldflags = `-s -w -X ${tool.versionVariable}=v${tool.pinned}`;
  // The user's own workspace and flags must not affect the build; without cgo no C compiler is needed.
  const env = { ...context.env, GOWORK: 'off', GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' };
  await buildHome(toolHome(tool, context.env), async (partial) => {
    const bin = join(partial, 'bin');
    await mkdir(bin);
    // -v prints each package as it is compiled, so that a build of several minutes shows progress.
    const build = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', ldflags, '-o', join(bin, program)];
    const directory = resolve(import.meta.dirname, tool.module);
    await runCommand(go, ['-C', directory, ...build, tool.mainPackage], { ...context, env });
  });
  await linkPrograms(tool, context.env);
}
