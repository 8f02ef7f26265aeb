/**
 * Status, title and OpenAI type and code of each domain error. This is the only table that maps errors to HTTP
 * statuses.
 */
export const ERROR_KINDS = {
  INVALID_REQUEST: { status: 400, title: 'Invalid request', openAiType: 'invalid_request_error', openAiCode: null },
  INVALID_API_KEY: {
    status: 401,
    title: 'Authentication failed',
    openAiType: 'invalid_request_error',
    openAiCode: 'invalid_api_key',
  },
  PERMISSION_DENIED: {
    status: 403,
    title: 'Permission denied',
    openAiType: 'invalid_request_error',
    openAiCode: 'permission_denied',
  },
  NOT_FOUND: { status: 404, title: 'Not found', openAiType: 'invalid_request_error', openAiCode: 'not_found' },
  MODEL_NOT_FOUND: {
    status: 404,
    title: 'Model not found',
    openAiType: 'invalid_request_error',
    openAiCode: 'model_not_found',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    openAiType: 'invalid_request_error',
    openAiCode: 'method_not_allowed',
  },
  CONFLICT: { status: 409, title: 'Conflict', openAiType: 'invalid_request_error', openAiCode: 'conflict' },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'Precondition failed',
    openAiType: 'invalid_request_error',
    openAiCode: 'precondition_failed',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: 'Payload too large',
    openAiType: 'invalid_request_error',
    openAiCode: 'payload_too_large',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: 'Range not satisfiable',
    openAiType: 'invalid_request_error',
    openAiCode: 'range_not_satisfiable',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'Idempotency key reused',
    openAiType: 'invalid_request_error',
    openAiCode: 'idempotency_key_reused',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Rate limited',
    openAiType: 'rate_limit_error',
    openAiCode: 'rate_limit_exceeded',
  },
  CLIENT_CLOSED_REQUEST: {
    status: 499,
    title: 'Client closed the request',
    openAiType: 'invalid_request_error',
    openAiCode: 'client_closed_request',
  },
  INTERNAL: { status: 500, title: 'Internal error', openAiType: 'server_error', openAiCode: 'internal_error' },
  SCHEMA_DRIFT: { status: 500, title: 'Schema drift', openAiType: 'server_error', openAiCode: 'schema_drift' },
  PROVIDER_FAILED: {
    status: 502,
    title: 'Model provider failed',
    openAiType: 'server_error',
    openAiCode: 'provider_failed',
  },
  UNAVAILABLE: { status: 503, title: 'Unavailable', openAiType: 'server_error', openAiCode: 'unavailable' },
  DEADLINE_EXCEEDED: {
    status: 504,
    title: 'Deadline exceeded',
    openAiType: 'server_error',
    openAiCode: 'deadline_exceeded',
  },
} as const;

/** Stable name of a domain error, the same in every service, log line and response. */
export type ErrorCode = keyof typeof ERROR_KINDS;

/** Reports whether a received value is a code of this table. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_KINDS, value);
}
