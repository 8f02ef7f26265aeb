import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { JobResult } from '@aion/queue';
import type { ClaimedExport, ExportFailure, ExportGateway } from './export-gateway.ts';

/** A newer fencing token was issued for the export: all further writes of this run are rejected. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/** Meaning of a failed run for its export. */
export interface ClassifiedFailure {
  /** Recorded when no attempt is left. Contains nothing of the error itself. */
  readonly failure: ExportFailure;
  /** Number of attempts after which this failure ends the export. */
  readonly maxAttempts: number;
  /** The message and causes of the error may quote a row or a recipient, so only its code is logged. */
  readonly quotesData: boolean;
}

/** Dependencies of `failExport`. */
export interface FailExportDeps {
  readonly gateway: Pick<ExportGateway, 'fail'>;
  readonly logger: Logger;
  readonly leaseMs: number;
}

const SUPERSEDED_DELAY_MS = 5_000;

/**
 * Result of a run that has lost its export. The newer fencing token may belong to this same job, taken over by another
 * worker, which then completes it.
 */
export const SUPERSEDED: JobResult = {
  status: 'retry',
  delayMs: SUPERSEDED_DELAY_MS,
  reason: 'a newer fencing token was issued for the export',
};

const REQUEST_AGAIN = 'No bundle was created. Request a new export; if it fails again, send its id to your operator.';

/** Failure of an export whose workers keep dying: it was claimed too often without ever ending. */
export const WORKERS_LOST: ExportFailure = {
  code: 'WORKERS_LOST',
  message: `The export was started many times and never ended. ${REQUEST_AGAIN}`,
};

/** Classifies an error of a run; `maxAttempts` applies to errors that another attempt may not meet again. */
export function classifyExportFailure(thrown: unknown, maxAttempts: number): ClassifiedFailure {
  const code = errorCode(thrown);
  const known = code === undefined ? undefined : KNOWN_FAILURES.get(code);
  if (known !== undefined) return known;
  const isUnavailable = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
  return { failure: isUnavailable ? UNAVAILABLE : OTHER, maxAttempts, quotesData: false };
}

/** Ends an export as failed, or returns a retry when the gateway does not confirm it. Never throws. */
export async function failExport(
  { gateway, logger, leaseMs }: FailExportDeps,
  claimed: ClaimedExport,
  failure: ExportFailure,
  fields: Readonly<Record<string, unknown>>,
): Promise<JobResult> {
  try {
    await gateway.fail(claimed, failure);
  } catch (error) {
    if (isSuperseded(error)) return SUPERSEDED;
    logger.warn('Failure of an export could not be recorded, will retry', { ...fields, error });
    return { status: 'retry', delayMs: leaseMs, reason: failure.code };
  }
  logger.error('Export failed', { ...fields, failure: failure.code });
  return { status: 'completed' };
}

/** Returns true if the error means that a newer fencing token was issued or that the export no longer exists. */
export function isSuperseded(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return thrown instanceof SupersededError || code === 'CONFLICT' || code === 'NOT_FOUND';
}

/** Returns true if a call may have failed for lack of a response: the callee may have executed it. */
export function isUnanswered(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED' || code === 'INTERNAL';
}

/**
 * Failures that further attempts do not fix. A count that differs within one snapshot is never ignored: the export gets
 * one more attempt with a new snapshot, then it fails.
 */
const KNOWN_FAILURES: ReadonlyMap<string, ClassifiedFailure> = new Map<string, ClassifiedFailure>([
  [
    'INVALID_AGE_RECIPIENT',
    {
      failure: {
        code: 'INVALID_RECIPIENT',
        message: 'The recipient is not a usable age recipient. Request a new export with the age1... line of your key.',
      },
      maxAttempts: 1,
      quotesData: true,
    },
  ],
  [
    'ROW_TOO_LARGE',
    {
      failure: { code: 'ROW_TOO_LARGE', message: `A row is larger than an export can contain. ${REQUEST_AGAIN}` },
      maxAttempts: 1,
      quotesData: true,
    },
  ],
  [
    'ROW_COUNT_MISMATCH',
    {
      failure: {
        code: 'ROW_COUNT_MISMATCH',
        message: `The number of rows read differs from the number that the database counted. ${REQUEST_AGAIN}`,
      },
      maxAttempts: 2,
      quotesData: true,
    },
  ],
  [
    'ROW_KEY_MISSING',
    {
      failure: { code: 'ROW_UNREADABLE', message: `A row could not be read. ${REQUEST_AGAIN}` },
      maxAttempts: 2,
      quotesData: true,
    },
  ],
  [
    'SCHEMA_DRIFT',
    {
      failure: {
        code: 'SCHEMA_DRIFT',
        message:
          'The database contains something that exports do not know yet, so nothing was exported. Report it to your ' +
          'operator, and request a new export when it is fixed.',
      },
      maxAttempts: 1,
      quotesData: false,
    },
  ],
]);

const UNAVAILABLE: ExportFailure = {
  code: 'UNAVAILABLE',
  message: `A part of the platform was not available in several attempts. ${REQUEST_AGAIN}`,
};

const OTHER: ExportFailure = {
  code: 'EXPORT_FAILED',
  message: `The export failed in several attempts. ${REQUEST_AGAIN}`,
};
