import { AionError, type AionErrorOptions } from './aion-error.ts';
import type { ErrorCode } from './error-kinds.ts';

/** Invalid request (400). */
export class InvalidRequestError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('INVALID_REQUEST', message, options);
  }
}

/** Missing, malformed, unknown, expired or revoked key (401). */
export class AuthenticationError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('INVALID_API_KEY', message, options);
  }
}

/** Authenticated caller without the required scope or role (403). */
export class PermissionDeniedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PERMISSION_DENIED', message, options);
  }
}

/** Resource that does not exist or belongs to another tenant; the two are indistinguishable to the caller (404). */
export class NotFoundError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('NOT_FOUND', message, options);
  }
}

/** Model that no provider offers (404). */
export class ModelNotFoundError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('MODEL_NOT_FOUND', message, options);
  }
}

/** Method that the path does not support (405). */
export class MethodNotAllowedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('METHOD_NOT_ALLOWED', message, options);
  }
}

/** Operation that the current state of the resource does not allow (409). */
export class ConflictError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('CONFLICT', message, options);
  }
}

/** Resource that has changed since the version in `If-Match` (412, RFC 9110). */
export class PreconditionFailedError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PRECONDITION_FAILED', message, options);
  }
}

/** Request body larger than the configured limit (413). */
export class PayloadTooLargeError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PAYLOAD_TOO_LARGE', message, options);
  }
}

/** Byte range outside the content (416). */
export class RangeNotSatisfiableError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('RANGE_NOT_SATISFIABLE', message, options);
  }
}

/** `Idempotency-Key` that was already used for a different request (422). */
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

/** Request whose client closed the connection before the response was complete (499). */
export class ClientClosedRequestError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('CLIENT_CLOSED_REQUEST', message, options);
  }
}

/** Defect of AION itself; the cause is logged and never sent to the caller (500). */
export class InternalError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('INTERNAL', message, options);
  }
}

/** Difference between the database schema and the data map; an operator must fix it, a retry does not help (500). */
export class SchemaDriftError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('SCHEMA_DRIFT', message, options);
  }
}

/** Model provider that was unreachable or failed, after retries (502). */
export class ProviderError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('PROVIDER_FAILED', message, options);
  }
}

/** Part of AION that is temporarily unavailable; the caller may retry (503). */
export class UnavailableError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}

/** Operation that did not finish within its deadline (504). */
export class DeadlineExceededError extends AionError {
  constructor(message: string, options?: AionErrorOptions) {
    super('DEADLINE_EXCEEDED', message, options);
  }
}

/** Class of each error code; `fromProblem` uses it to restore an error that another service sent. */
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
