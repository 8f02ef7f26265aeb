import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, fetchErrorReason, readApiError, UnreachableError } from '@aion/client';
import type { ApiSettings } from './api-settings.ts';

/** One request to the API. */
export interface ApiRequest {
  readonly method: string;
  /** With its parameters filled in; or a whole URL on which the API itself has put its signature. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, read anew at each attempt; it may take as long as it takes. */
  readonly body?: () => Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that has been read to its end. */
export interface WholeAnswer {
  /** Undefined when there is nothing in it. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** Sends requests with the key, again and again within bounds when that may help. */
export interface ApiClient {
  /**
   * Sends a request and reads the JSON that answers it.
   * @throws ApiError when the API refuses; UnreachableError when no whole answer comes
   */
  ask(request: ApiRequest): Promise<WholeAnswer>;
  /**
   * Sends a request whose answer is read by the caller as it comes: `readBody`.
   * @throws ApiError when the API refuses; UnreachableError when no answer comes
   */
  open(request: ApiRequest): Promise<Response>;
}

const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;
/** A server that asks for a longer pause is not waited for. */
const MAX_PAUSE_MS = 30_000;
/** Too many requests, and what a restart or a proxy in front of one says. */
const PASSING_STATUSES = [429, 502, 503, 504];

/** Creates a client. What it sends is safe to send twice: by its method, or by the `Idempotency-Key` of every POST. */
export function createApiClient(settings: ApiSettings, note: (line: string) => void): ApiClient {
  async function send<T>(request: ApiRequest, read: (answer: Response) => Promise<T>): Promise<T> {
    const repeatable = withIdempotencyKey(request);
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await sendOnce(settings, repeatable, async (answer) => {
        noteDeprecation(answer, note);
        return { value: await read(answer) };
      }).catch((error: unknown) => toUnreachable(settings, error));
      if (!(outcome instanceof Error)) return outcome.value;
      const pauseMs = pauseBefore(attempt, outcome);
      if (pauseMs === undefined) throw outcome;
      note(`${outcome.message} Trying again in ${(pauseMs / 1_000).toFixed(1)} s (${attempt} of ${MAX_ATTEMPTS - 1}).`);
      await sleep(pauseMs);
    }
  }
  return {
    ask: (request) => send(request, readWhole),
    open: (request) => send(request, (answer) => Promise.resolve(answer)),
  };
}

/** With it a broken connection is no reason to do a thing twice. */
function withIdempotencyKey(request: ApiRequest): ApiRequest {
  if (request.method !== 'POST') return request;
  return { ...request, headers: { 'idempotency-key': randomUUID(), ...request.headers } };
}

async function readWhole(answer: Response): Promise<WholeAnswer> {
  const text = await answer.text();
  if (text === '') return { body: undefined, headers: answer.headers };
  try {
    const body: unknown = JSON.parse(text);
    return { body, headers: answer.headers };
  } catch (error) {
    throw new UnreachableError(`${new URL(answer.url).origin} answers with what is not JSON: is it the API?`, {
      cause: error,
    });
  }
}

/** The timeout holds until the answer has been read as far as `read` does. */
async function sendOnce<T>(
  settings: ApiSettings,
  request: ApiRequest,
  read: (answer: Response) => Promise<T>,
): Promise<T | ApiError> {
  const { key, tenantId, timeoutMs } = settings;
  const url = toUrl(settings.baseUrl, request);
  const isSigned = URL.canParse(request.path);
  const patience = new AbortController();
  const giveUp = (): void => patience.abort(new Error(`no answer within ${timeoutMs / 1_000} s`));
  const timer = request.body === undefined ? setTimeout(giveUp, timeoutMs) : undefined;
  try {
    const answer = await fetch(url, {
      method: request.method,
      headers: {
        'user-agent': 'aion-cli',
        ...(key === undefined || isSigned ? {} : { authorization: `Bearer ${key}` }),
        ...(tenantId === undefined || isSigned ? {} : { 'x-aion-tenant': tenantId }),
        ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
      // Half: the answer comes when the body has been sent (WHATWG Fetch).
      ...(request.body === undefined ? {} : { body: Readable.toWeb(request.body()), duplex: 'half' as const }),
      // The API never redirects; following one would show the request to another.
      redirect: 'error',
      signal: patience.signal,
    });
    return answer.ok ? await read(answer) : await readApiError(answer);
  } finally {
    clearTimeout(timer);
  }
}

function toUrl(baseUrl: string, { path, query = {} }: ApiRequest): URL {
  const url = URL.canParse(path) ? new URL(path) : new URL(`${baseUrl}${path}`);
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
  }
  return url;
}

function toUnreachable({ baseUrl }: ApiSettings, error: unknown): UnreachableError {
  if (error instanceof UnreachableError) return error;
  return new UnreachableError(`${baseUrl} cannot be reached: ${fetchErrorReason(error)}.`, { cause: error });
}

/** How long to wait before the next attempt; undefined when there is to be none. */
function pauseBefore(attempt: number, error: ApiError | UnreachableError): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  const backOffMs = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  if (error instanceof UnreachableError) return backOffMs;
  if (!PASSING_STATUSES.includes(error.status)) return undefined;
  const askedMs = (error.retryAfterSeconds ?? 0) * 1_000;
  return askedMs > MAX_PAUSE_MS ? undefined : Math.max(askedMs, backOffMs);
}

/** `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) are for whoever keeps the scripts that use this tool. */
function noteDeprecation(answer: Response, note: (line: string) => void): void {
  const sunset = answer.headers.get('sunset');
  if (answer.headers.has('deprecation') || sunset !== null) {
    note(
      `warning: the API will drop this command's route${sunset === null ? '' : ` after ${sunset}`}; use a newer aion`,
    );
  }
}
