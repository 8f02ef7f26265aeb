import type { Command } from 'commander';
import { exitWithError } from '../exit-with-error.ts';

/** Runs the action of a command; prints its error and sets the exit code when it fails. */
export async function runAction(command: Command, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    exitWithError(command, error);
  }
}
