import { errorCode } from '@aion/errors';
import { AgeError } from '../age/age-error.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import type { VerificationCheck } from './verification-report.ts';

/** What a check gives when it passes. */
export interface Passed<Value> {
  readonly message: string;
  readonly value: Value;
}

/** Runs checks and keeps their results. */
export interface CheckList {
  readonly results: readonly VerificationCheck[];
  /** Gives the check's value, or `undefined` when the bundle fails it. Other errors, such as of I/O, pass through. */
  run<Value>(name: string, check: () => Promise<Passed<Value>> | Passed<Value>): Promise<Value | undefined>;
}

/** No results yet. */
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

/** @throws {InvalidBundleError} naming the first few problems, unless there are none. */
export function refuseProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_LISTED ? ` (and ${problems.length - MAX_LISTED} more)` : '';
  throw new InvalidBundleError(`${problems.slice(0, MAX_LISTED).join('; ')}${more}`);
}

/** The entries that stand in the list a second time. */
export function findRepeated(entries: readonly string[]): string[] {
  const seen = new Set<string>();
  return entries.filter((entry) => seen.size === seen.add(entry).size);
}

/** zlib's own errors say that the compressed data is bad; they have no class of their own. */
function isZstdError(error: unknown): error is Error {
  const code = errorCode(error) ?? '';
  return code.startsWith('ZSTD_') || code.startsWith('Z_') || code === 'ERR_ZLIB_INITIALIZATION_FAILED';
}
