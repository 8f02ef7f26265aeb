import { AionError, type AionErrorOptions } from './aion-error.ts';
import type { ErrorCode } from './error-kinds.ts';

/** The caller sent something that cannot be accepted as it is (400). */
export class InvalidRequestError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('INVALID_REQUEST', message, options);
  }
}

/** No key, or one that is malformed, unknown, expired or revoked (401). */
export class AuthenticationError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('INVALID_API_KEY', message, options);
  }
}

/** A known caller without the scope or role for this (403). */
export class PermissionDeniedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PERMISSION_DENIED', message, options);
  }
}

/** No such thing, or it is another tenant's: the two are never told apart (404). */
export class NotFoundError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('NOT_FOUND', message, options);
  }
}

/** No provider offers this model (404). */
export class ModelNotFoundError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('MODEL_NOT_FOUND', message, options);
  }
}

/** The path exists, but not for this method (405). */
export class MethodNotAllowedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('METHOD_NOT_ALLOWED', message, options);
  }
}

/** The state of the thing does not allow this now (409). */
export class ConflictError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('CONFLICT', message, options);
  }
}

/** The thing has changed since the version that `If-Match` names (412, RFC 9110). */
export class PreconditionFailedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PRECONDITION_FAILED', message, options);
  }
}

/** The body is larger than the configured limit (413). */
export class PayloadTooLargeError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PAYLOAD_TOO_LARGE', message, options);
  }
}

/** The requested byte range lies outside of the content (416). */
export class RangeNotSatisfiableError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('RANGE_NOT_SATISFIABLE', message, options);
  }
}

/** An `Idempotency-Key` was sent before, with another request (422). */
export class IdempotencyKeyReusedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('IDEMPOTENCY_KEY_REUSED', message, options);
  }
}

/** Too many requests or tokens (429). */
export class RateLimitedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('RATE_LIMITED', message, options);
  }
}

/** The client went away before its answer was complete (499). */
export class ClientClosedRequestError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('CLIENT_CLOSED_REQUEST', message, options);
  }
}

/** A fault of AION itself; the cause is logged and never shown (500). */
export class InternalError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('INTERNAL', message, options);
  }
}

/** The database holds what the data map does not declare, or lacks what it does: no retry helps, an operator does (500). */
export class SchemaDriftError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('SCHEMA_DRIFT', message, options);
  }
}

/** A model provider could not be reached or failed, after retries (502). */
export class ProviderError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PROVIDER_FAILED', message, options);
  }
}

/** A part of AION cannot answer now; worth a retry (503). */
export class UnavailableError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}

/** The work did not finish within its deadline (504). */
export class DeadlineExceededError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('DEADLINE_EXCEEDED', message, options);
  }
}

/** The class of each code, by which an error that crossed the wire becomes what it was. */
export const ERROR_CLASSES: Readonly<
  Record<ErrorCode, new (message: string, options?: AionErrorOptions) => AionError>
> = {
  INVALID_REQUEST: InvalidRequestError,
  INVALID_API_KEY: AuthenticationError,
  PERMISSION_DENIED: PermissionDeniedError,
  NOT_FOUND: NotFoundError,
  MODEL_NOT_FOUND: ModelNotFoundError,
  METHOD_NOT_ALLOWED: MethodNotAllowedError,
  CONFLICT: ConflictError,
  PRECONDITION_FAILED: PreconditionFailedError,
  PAYLOAD_TOO_LARGE: PayloadTooLargeError,
  RANGE_NOT_SATISFIABLE: RangeNotSatisfiableError,
  IDEMPOTENCY_KEY_REUSED: IdempotencyKeyReusedError,
  RATE_LIMITED: RateLimitedError,
  CLIENT_CLOSED_REQUEST: ClientClosedRequestError,
  INTERNAL: InternalError,
  SCHEMA_DRIFT: SchemaDriftError,
  PROVIDER_FAILED: ProviderError,
  UNAVAILABLE: UnavailableError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
};
