import { CommanderError } from 'commander';
import { createProgram } from './create-program.ts';
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';

/** Commander gives 1 for its own usage errors; `command.error()` has the code that its caller chose. */
function toExitCode(error: CommanderError): number {
  const isUsage = error.code !== 'commander.error' && error.exitCode === 1;
  return isUsage ? EXIT_USAGE : error.exitCode;
}

/**
 * Runs one command line, without `node` and the script.
 * @returns the exit code: 0, 1 (failed) or 2 (bad usage).
 */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return toExitCode(error);
    process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT_FAILED;
  }
}
