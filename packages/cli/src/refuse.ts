import { InvalidAuditRowError } from '@aion/audit-chain';
import { InvalidIdentityError, InvalidSigningKeyError } from '@aion/bundle';
import { ApiError, DamagedArchiveError, UnreachableError } from '@aion/client';
import type { Command } from 'commander';
import { formatApiError } from './api/format-api-error.ts';
import { EXIT_FAILED, EXIT_UNREACHABLE, EXIT_USAGE } from './exit-codes.ts';
import { toPlainText } from './output/to-plain-text.ts';
import { CancelledError, CheckFailedError, UsageError } from './usage-error.ts';

const USAGE_ERRORS = [UsageError, InvalidIdentityError, InvalidSigningKeyError, InvalidAuditRowError];

/**
 * Ends a command with a message that says why: exit code 2 for what the caller gave, 3 when the platform does not
 * answer, 1 for what the platform refused or the system did.
 * @throws always; a defect is thrown on
 */
export function refuse(command: Command, error: unknown): never {
  if (error instanceof ApiError) return command.error(formatApiError(error), { exitCode: EXIT_FAILED });
  if (error instanceof UnreachableError) {
    const hint = 'Is the platform running there? `--url` or AION_URL says where it is.';
    return command.error(`error: ${toPlainText(error.message)} ${hint}`, { exitCode: EXIT_UNREACHABLE });
  }
  const isUsage = USAGE_ERRORS.some((type) => error instanceof type);
  // With a code it is the system's: a file that vanished, a disk that fails. Without one it is a defect.
  const isOurs = [...USAGE_ERRORS, CancelledError, CheckFailedError, DamagedArchiveError].some(
    (type) => error instanceof type,
  );
  const isExpected = isOurs || (error instanceof Error && 'code' in error);
  if (!(error instanceof Error) || !isExpected) throw error;
  return command.error(`error: ${error.message}`, { exitCode: isUsage ? EXIT_USAGE : EXIT_FAILED });
}
