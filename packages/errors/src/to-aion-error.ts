import { AionError } from './aion-error.ts';
import { InternalError } from './domain-errors.ts';

/** Any thrown value as a domain error: what is not one becomes an `InternalError` that hides it and keeps it as cause. */
export function toAionError(thrown: unknown): AionError {
  if (thrown instanceof AionError) return thrown;
  return new InternalError('An internal error occurred. Quote the request id when you report it.', { cause: thrown });
}
