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
 * Ends a command with an error message and an exit code: 2 for invalid input, 3 when the platform does not answer, 1 when
 * the platform rejected the request or a system call failed.
 * @throws always; an unexpected error is rethrown
 */
export function exitWithError(command: Command, error: unknown): never {
  if (error instanceof ApiError) return command.error(formatApiError(error), { exitCode: EXIT_FAILED });
  if (error instanceof UnreachableError) {
    const hint = 'Is the platform running there? Set its address with `--url` or AION_URL.';
    return command.error(`error: ${toPlainText(error.message)} ${hint}`, { exitCode: EXIT_UNREACHABLE });
  }
  const isUsage = USAGE_ERRORS.some((type) => error instanceof type);
  // Errors with a code come from the system, such as a deleted file or a full disk. Others are defects.
  const isKnown = [...USAGE_ERRORS, CancelledError, CheckFailedError, DamagedArchiveError].some(
    (type) => error instanceof type,
  );
  const isExpected = isKnown || (error instanceof Error && 'code' in error);
  if (!(error instanceof Error) || !isExpected) throw error;
  return command.error(`error: ${error.message}`, { exitCode: isUsage ? EXIT_USAGE : EXIT_FAILED });
}
