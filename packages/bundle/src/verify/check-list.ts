import { errorCode } from '@aion/errors';
import { AgeError } from '../age/age-error.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import type { VerificationCheck } from './verification-report.ts';

/** Result of a check that passes. */
export interface Passed<Value> {
  readonly message: string;
  readonly value: Value;
}

/** Runs checks and collects their results. */
export interface CheckList {
  readonly results: readonly VerificationCheck[];
  /** Returns the value of the check, or `undefined` when the bundle fails it. Rethrows other errors, such as of I/O. */
  run<Value>(name: string, check: () => Promise<Passed<Value>> | Passed<Value>): Promise<Value | undefined>;
}

/** Creates an empty list. */
export function createCheckList(): CheckList {
  const results: VerificationCheck[] = [];
  return {
    results,
    async run(name, check) {
      try {
        const { message, value } = await check();
        results.push({ name, ok: true, message });
        return value;
      } catch (error) {
        if (!(error instanceof InvalidBundleError) && !(error instanceof AgeError) && !isZstdError(error)) throw error;
        results.push({ name, ok: false, message: error.message });
        return undefined;
      }
    },
  };
}

const MAX_LISTED = 5;

/** Checks that the list of problems is empty. @throws {InvalidBundleError} naming the first few problems */
export function assertNoProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_LISTED ? ` (and ${problems.length - MAX_LISTED} more)` : '';
  throw new InvalidBundleError(`${problems.slice(0, MAX_LISTED).join('; ')}${more}`);
}

/** Returns the entries that occur in the list a second time. */
export function findRepeated(entries: readonly string[]): string[] {
  const seen = new Set<string>();
  return entries.filter((entry) => seen.size === seen.add(entry).size);
}

/** Returns true for the errors of zlib about invalid compressed data, which have no error class. */
function isZstdError(error: unknown): error is Error {
  const code = errorCode(error) ?? '';
  return code.startsWith('ZSTD_') || code.startsWith('Z_') || code === 'ERR_ZLIB_INITIALIZATION_FAILED';
}
