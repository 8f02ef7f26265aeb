import { CommanderError } from 'commander';
import { createProgram } from './create-program.ts';
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';

/**
 * Runs one command line, without `node` and the script.
 * @returns the exit code: 0, or one of `EXIT_CODES`.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already printed the message.
    if (error instanceof CommanderError) return toExitCode(error);
    process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT_FAILED;
  }
}

/** Maps the exit code 1 of Commander's own usage errors to 2. Errors of `command.error()` have the code of its caller. */
function toExitCode(error: CommanderError): number {
  const isUsage = error.code !== 'commander.error' && error.exitCode === 1;
  return isUsage ? EXIT_USAGE : error.exitCode;
}
