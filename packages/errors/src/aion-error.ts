import { ERROR_KINDS, type ErrorCode } from './error-kinds.ts';

/** Description of one invalid field. `pointer` is a JSON Pointer (RFC 6901) into the request body, or a parameter's name. */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** Optional properties of an error. */
export interface AionErrorOptions {
  readonly cause?: unknown;
  /** Invalid parameter or field, named as in the request, such as `messages[0].role`. */
  readonly param?: string;
  readonly fields?: readonly FieldProblem[];
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** Base class of every error that may cross a service boundary. Its message is safe to send to the caller. */
export class AionError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AionErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.param = options.param;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** HTTP status of this error (RFC 9110; 499 is nginx's convention for a client that closed the connection). */
  get status(): number {
    return ERROR_KINDS[this.code].status;
  }
}
