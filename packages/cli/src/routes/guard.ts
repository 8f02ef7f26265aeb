import type { Command } from 'commander';
import { refuse } from '../refuse.ts';

/** Runs the action of a command; what it throws is printed, and gives the exit code. */
export async function guard(command: Command, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    refuse(command, error);
  }
}
