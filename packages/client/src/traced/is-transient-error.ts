import { ApiError } from '../api-error.ts';

/** Returns true unless the API rejected the request itself, which a repetition does not change. */
export function isTransientError(error: unknown): boolean {
  return !(error instanceof ApiError && error.status < 500);
}
