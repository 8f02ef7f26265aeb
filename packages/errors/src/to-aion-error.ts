import { AionError } from './aion-error.ts';
import { InternalError } from './domain-errors.ts';

/** Returns a domain error unchanged and wraps any other thrown value in an `InternalError`, with the value as its cause. */
export function toAionError(thrown: unknown): AionError {
  if (thrown instanceof AionError) return thrown;
  return new InternalError('An internal error occurred. Quote the request id when you report it.', { cause: thrown });
}
