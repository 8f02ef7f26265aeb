import type { AionError, FieldProblem } from './aion-error.ts';
import { ERROR_CLASSES } from './domain-errors.ts';
import { ERROR_KINDS, isErrorCode } from './error-kinds.ts';
import { toAionError } from './to-aion-error.ts';

/** Problem details (RFC 9457): the error body of `/api` and of internal routes. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance?: string;
  readonly request_id?: string;
  readonly param?: string;
  readonly errors?: readonly FieldProblem[];
  readonly retry_after_seconds?: number;
}

/** Media type of a `Problem`. */
export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/**
 * Maps any thrown value to problem details; the message of an unknown error is never included.
 * @param request path and id of the failed request; `fields` replaces the error's own list of invalid fields
 */
export function toProblem(
  thrown: unknown,
  request: { instance?: string; requestId?: string; fields?: readonly FieldProblem[] } = {},
): Problem {
  const error = toAionError(thrown);
  const { fields = error.fields } = request;
  const kind = ERROR_KINDS[error.code];
  return {
    type: `urn:aion:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: kind.title,
    status: kind.status,
    detail: error.message,
    code: error.code,
    ...(request.instance === undefined ? {} : { instance: request.instance }),
    ...(request.requestId === undefined ? {} : { request_id: request.requestId }),
    ...(error.param === undefined ? {} : { param: error.param }),
    ...(fields.length === 0 ? {} : { errors: fields }),
    ...(error.retryAfterSeconds === undefined ? {} : { retry_after_seconds: error.retryAfterSeconds }),
  };
}

/**
 * Restores the error that another service sent, so that it passes through services unchanged.
 * Returns undefined when the body is not a problem of AION.
 */
export function fromProblem(body: unknown): AionError | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, detail, param, errors, retry_after_seconds: retryAfterSeconds } = body as Partial<Problem>; // checked below
  if (!isErrorCode(code) || typeof detail !== 'string') return undefined;
  return new ERROR_CLASSES[code](detail, {
    ...(typeof param === 'string' ? { param } : {}),
    ...(Array.isArray(errors) ? { fields: errors } : {}),
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
  });
}
