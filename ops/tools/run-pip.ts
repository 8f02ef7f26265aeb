import type { InstallContext } from './install-context.ts';
import { runCommand } from './run-command.ts';

/** Runs a pip command without prompts, version checks and progress bars. Throws `CommandFailedError` when it fails. */
export async function runPip(python: string, args: readonly string[], context: InstallContext): Promise<void> {
  const flags = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  await runCommand(python, ['-m', 'pip', ...args, ...flags], context);
}
