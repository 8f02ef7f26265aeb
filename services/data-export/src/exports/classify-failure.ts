import { errorCode } from '@aion/errors';
import type { ExportFailure } from './export.ts';

/** What a failed run means for its export. */
export interface FailureVerdict {
  /** It is logged by its code alone: its message and causes may quote a row or a recipient. */
  readonly quotesData: boolean;
  /** What the owner is told when there is no further attempt. Holds nothing of the error itself. */
  readonly failure: ExportFailure;
  /** How often an export may have been begun when this failure ends it. */
  readonly attempts: number;
}

const ASK_AGAIN = 'No bundle was made. Request a new export; if it fails again, tell your operator its id.';

/**
 * Failures that more attempts do not mend. A count that differs in one snapshot is never read over: it gets one more
 * attempt with a new snapshot, then the export fails.
 */
const KNOWN: ReadonlyMap<string, FailureVerdict> = new Map<string, FailureVerdict>([
  [
    'INVALID_AGE_RECIPIENT',
    {
      failure: {
        code: 'INVALID_RECIPIENT',
        message: 'The recipient is not a usable age recipient. Request a new export with the age1... line of your key.',
      },
      attempts: 1,
      quotesData: true,
    },
  ],
  [
    'ROW_TOO_LARGE',
    {
      failure: { code: 'ROW_TOO_LARGE', message: `A row is larger than an export can hold. ${ASK_AGAIN}` },
      attempts: 1,
      quotesData: true,
    },
  ],
  [
    'ROW_COUNT_MISMATCH',
    {
      failure: {
        code: 'ROW_COUNT_MISMATCH',
        message: `The rows that were read are not as many as the database counted. ${ASK_AGAIN}`,
      },
      attempts: 2,
      quotesData: true,
    },
  ],
  [
    'ROW_KEY_MISSING',
    {
      failure: { code: 'ROW_UNREADABLE', message: `A row could not be read. ${ASK_AGAIN}` },
      attempts: 2,
      quotesData: true,
    },
  ],
  [
    'SCHEMA_DRIFT',
    {
      failure: {
        code: 'SCHEMA_DRIFT',
        message:
          'The database holds something that exports do not know yet, so nothing was exported. Tell your operator, and ' +
          'request a new export when that is mended.',
      },
      attempts: 1,
      quotesData: false,
    },
  ],
]);

const UNAVAILABLE: ExportFailure = {
  code: 'UNAVAILABLE',
  message: `A part of the platform was not available in several attempts. ${ASK_AGAIN}`,
};
const OTHER: ExportFailure = { code: 'EXPORT_FAILED', message: `The export failed in several attempts. ${ASK_AGAIN}` };

/** Judges an error of a run; `maxAttempts` is the budget of everything that may mend itself. */
export function classifyFailure(thrown: unknown, maxAttempts: number): FailureVerdict {
  const code = errorCode(thrown);
  const known = code === undefined ? undefined : KNOWN.get(code);
  if (known !== undefined) return known;
  const isUnavailable = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
  return { quotesData: false, failure: isUnavailable ? UNAVAILABLE : OTHER, attempts: maxAttempts };
}

/** The failure of an export whose workers keep dying: it was begun too often without ever ending. */
export const WORKERS_LOST: ExportFailure = {
  code: 'WORKERS_LOST',
  message: `The export was begun many times and never came to an end. ${ASK_AGAIN}`,
};
