import { InvalidAuditRowError } from '@aion/audit-chain';
import { InvalidIdentityError, InvalidSigningKeyError } from '@aion/bundle';
import type { Command } from 'commander';
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

const USAGE_ERRORS = [UsageError, InvalidIdentityError, InvalidSigningKeyError, InvalidAuditRowError];

/**
 * Ends a command with one line that says why: exit code 2 for what the caller gave, 1 for what the system did.
 * @throws always; a defect is thrown on
 */
export function refuse(command: Command, error: unknown): never {
  const isUsage = USAGE_ERRORS.some((type) => error instanceof type);
  // With a code it is the system's: a file that vanished, a disk that fails. Without one it is a defect.
  if (!(error instanceof Error) || (!isUsage && !('code' in error))) throw error;
  return command.error(`error: ${error.message}`, { exitCode: isUsage ? EXIT_USAGE : EXIT_FAILED });
}
