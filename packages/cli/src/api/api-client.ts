import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ApiError, fetchErrorReason, readApiError, UnreachableError } from '@aion/client';
import { errorMessage } from '@aion/errors';
import { DelegateBackoff, handleWhen, retry } from 'cockatiel';
import type { ApiSettings } from './api-settings.ts';

/** One request to the API. */
export interface ApiRequest {
  readonly method: string;
  /** Path with its parameters filled in, or a complete URL that the API has signed. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged, read again at each attempt, and without a timeout. */
  readonly body?: () => Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Response whose body has been read completely. */
export interface ApiResponse {
  /** Undefined when the response has no body. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** Sends requests with the key; retries those that failed for a transient reason. */
export interface ApiClient {
  /**
   * Sends a request and reads the JSON of the response.
   * @throws ApiError when the API rejects the request; UnreachableError when no complete response arrives
   */
  request(request: ApiRequest): Promise<ApiResponse>;
  /**
   * Sends a request and returns the response with its body unread, for `readBody`.
   * @throws ApiError when the API rejects the request; UnreachableError when no response arrives
   */
  open(request: ApiRequest): Promise<Response>;
}

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 250;
/** A request is not retried when the server demands a longer delay. */
const MAX_DELAY_MS = 30_000;
/** Too many requests, and the answers of a restarting server or of a proxy in front of it. */
const TRANSIENT_STATUSES = [429, 502, 503, 504];

/** Creates a client. Every request is safe to repeat: by its method, or by the `Idempotency-Key` of every POST. */
export function createApiClient(settings: ApiSettings, note: (line: string) => void): ApiClient {
  const policy = retry(handleWhen(isTransient), {
    maxAttempts: MAX_RETRIES,
    backoff: new DelegateBackoff(({ attempt, result }) =>
      delayBefore(attempt, 'error' in result ? result.error : undefined),
    ),
  });
  policy.onRetry((failure) => {
    const reason = 'error' in failure ? `${errorMessage(failure.error)} ` : '';
    note(`${reason}Retrying in ${(failure.delay / 1_000).toFixed(1)} s (${failure.attempt} of ${MAX_RETRIES}).`);
  });

  function send<T>(request: ApiRequest, read: (response: Response) => Promise<T>): Promise<T> {
    const repeatable = withIdempotencyKey(request);
    return policy.execute(() =>
      sendOnce(settings, repeatable, (response) => {
        noteDeprecation(response, note);
        return read(response);
      }),
    );
  }
  return {
    request: (request) => send(request, readJson),
    open: (request) => send(request, (response) => Promise.resolve(response)),
  };
}

/** Adds a key to a POST, so that a repeated request has the effect of one. */
function withIdempotencyKey(request: ApiRequest): ApiRequest {
  if (request.method !== 'POST') return request;
  return { ...request, headers: { 'idempotency-key': randomUUID(), ...request.headers } };
}

async function readJson(response: Response): Promise<ApiResponse> {
  const text = await response.text();
  if (text === '') return { body: undefined, headers: response.headers };
  try {
    const body: unknown = JSON.parse(text);
    return { body, headers: response.headers };
  } catch (error) {
    throw new UnreachableError(`The answer of ${new URL(response.url).origin} is not JSON: is it the API?`, {
      cause: error,
    });
  }
}

/** Sends a request once. The timeout applies until `read` has finished. */
async function sendOnce<T>(
  settings: ApiSettings,
  request: ApiRequest,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { timeoutMs } = settings;
  const timeout = new AbortController();
  const expire = (): void => timeout.abort(new Error(`no answer within ${timeoutMs / 1_000} s`));
  const timer = request.body === undefined ? setTimeout(expire, timeoutMs) : undefined;
  try {
    const response = await fetchOnce(settings, request, timeout.signal);
    if (!response.ok) throw await readApiError(response);
    return await read(response);
  } catch (error) {
    throw error instanceof ApiError ? error : toUnreachableError(settings, error);
  } finally {
    clearTimeout(timer);
  }
}

function fetchOnce(settings: ApiSettings, request: ApiRequest, signal: AbortSignal): Promise<Response> {
  const { key, tenantId } = settings;
  const isSigned = URL.canParse(request.path);
  return fetch(toUrl(settings.baseUrl, request), {
    method: request.method,
    headers: {
      'user-agent': 'aion-cli',
      ...(key === undefined || isSigned ? {} : { authorization: `Bearer ${key}` }),
      ...(tenantId === undefined || isSigned ? {} : { 'x-aion-tenant': tenantId }),
      ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
    // Half: the response arrives after the body has been sent (WHATWG Fetch).
    ...(request.body === undefined ? {} : { body: Readable.toWeb(request.body()), duplex: 'half' as const }),
    // The API never redirects; following a redirect would send the key to another server.
    redirect: 'error',
    signal,
  });
}

function toUrl(baseUrl: string, { path, query = {} }: ApiRequest): URL {
  const url = URL.canParse(path) ? new URL(path) : new URL(`${baseUrl}${path}`);
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
  }
  return url;
}

function toUnreachableError({ baseUrl }: ApiSettings, error: unknown): UnreachableError {
  if (error instanceof UnreachableError) return error;
  return new UnreachableError(`${baseUrl} cannot be reached: ${fetchErrorReason(error)}.`, { cause: error });
}

function isTransient(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ApiError)) return false;
  return TRANSIENT_STATUSES.includes(error.status) && requestedDelayMs(error) <= MAX_DELAY_MS;
}

function delayBefore(retryNumber: number, error: unknown): number {
  const backoffMs = FIRST_DELAY_MS * 2 ** (retryNumber - 1);
  return error instanceof ApiError ? Math.max(requestedDelayMs(error), backoffMs) : backoffMs;
}

function requestedDelayMs({ retryAfterSeconds = 0 }: ApiError): number {
  return retryAfterSeconds * 1_000;
}

/** Reports `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) to the maintainers of scripts that use this tool. */
function noteDeprecation(response: Response, note: (line: string) => void): void {
  const sunset = response.headers.get('sunset');
  if (!response.headers.has('deprecation') && sunset === null) return;
  const deadline = sunset === null ? '' : ` after ${sunset}`;
  note(`warning: the API will remove the route of this command${deadline}; use a newer aion`);
}
