import { setMaxListeners } from 'node:events';
import { InvalidRequestError, ModelNotFoundError, ProviderError, RateLimitedError, toAionError } from '@aion/errors';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import { DelegateBackoff, handleWhen, retry, type IBackoffFactory, type IRetryBackoffContext } from 'cockatiel';
import { Pool, type Dispatcher } from 'undici';
import { z } from 'zod';
import {
  ProviderUnreachableError,
  type ChatCompletionCall,
  type Provider,
  type ProviderResponse,
} from '../provider.ts';

/** Options of `createOpenAiCompatibleProvider`. */
export interface OpenAiCompatibleOptions {
  /** Metric label, and prefix of model names that are routed to this provider: `openai`. */
  readonly name: string;
  /** Base URL up to and including `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Maximum number of retries before the response has begun. */
  readonly retries: number;
}

const MAX_ERROR_BYTES = 65_536;
const MAX_BACKOFF_MS = 8_000;
const LIST_TIMEOUT_MS = 5_000;
const modelList = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), created: z.number().catch(0), owned_by: z.string().catch('unknown') })),
});

/**
 * Creates a provider for any server with OpenAI's API. Forwards responses as bytes. Requests carry `traceparent`, and
 * nothing else of AION's context.
 */
export function createOpenAiCompatibleProvider(options: OpenAiCompatibleOptions): Provider {
  const base = new URL(options.baseUrl);
  const root = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, { connections: 256, bodyTimeout: 0, headersTimeout: 0 });
  const headers = {
    accept: 'application/json',
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
  };
  const policy = retry(
    handleWhen((error) => error instanceof TransientProviderFailure),
    { maxAttempts: options.retries, backoff: createBackoff() },
  );

  const send = (call: ChatCompletionCall): Promise<Dispatcher.ResponseData> =>
    withSpan(
      'POST /chat/completions',
      {
        subject: 'ai',
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': 'POST',
          'server.address': base.hostname,
          'server.port': Number(base.port) || 443,
        },
      },
      async (span) => {
        const response = await request(pool, {
          path: `${root}/chat/completions`,
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json', ...captureTraceparent() },
          body: JSON.stringify(toUpstreamBody(call)),
          signal: call.signal,
        });
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 400) throw await toFailure(options.name, response);
        return response;
      },
    );

  return {
    name: options.name,
    listModels: async () => {
      const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
      const response = await request(pool, { path: `${root}/models`, method: 'GET', headers, signal });
      if (response.statusCode !== 200) throw await toFailure(options.name, response);
      const { data } = modelList.parse(await response.body.json());
      return data.map(({ id, created, owned_by: ownedBy }) => ({ id, created, ownedBy }));
    },
    createChatCompletion: async (call) => {
      // Every attempt adds a listener to the signal and removes it at its end, so their number is no leak.
      setMaxListeners(0, call.signal);
      try {
        return toResponse(await policy.execute(() => send(call), call.signal), options.name);
      } catch (error) {
        if (call.signal.aborted) throw toAionError(call.signal.reason);
        throw error instanceof TransientProviderFailure ? error.failure : error;
      }
    },
    close: () => pool.destroy(),
  };
}

/** Failure that a retry may fix: no connection, 408, 409, 429 or 5xx. */
class TransientProviderFailure extends Error {
  readonly failure: Error;
  readonly retryAfterMs: number | undefined;
  constructor(failure: Error, retryAfterMs?: number) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Returns the caller's body with the provider's model name. Requests usage on streams, so that it is always metered. */
function toUpstreamBody(call: ChatCompletionCall): Record<string, unknown> {
  const streamOptions = call.body['stream_options'];
  return {
    ...call.body,
    model: call.model,
    ...(call.stream
      ? { stream_options: { ...(typeof streamOptions === 'object' ? streamOptions : {}), include_usage: true } }
      : {}),
  };
}

async function request(pool: Pool, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  try {
    return await pool.request(options);
  } catch (error) {
    if (options.signal instanceof AbortSignal && options.signal.aborted) throw error;
    const failure = new ProviderUnreachableError('The model provider is unreachable.', { cause: error });
    throw new TransientProviderFailure(failure);
  }
}

function toResponse(response: Dispatcher.ResponseData, name: string): ProviderResponse {
  const contentType = response.headers['content-type'];
  return {
    status: response.statusCode,
    contentType: typeof contentType === 'string' ? contentType : 'application/json',
    body: readBody(response.body, name),
  };
}

async function* readBody(body: AsyncIterable<unknown>, name: string): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of body) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    throw new ProviderError(`The provider ${name} aborted its response.`, { cause: error });
  }
}

/** Maps an error response to an error: invalid requests are the caller's, everything else is the provider's failure. */
async function toFailure(name: string, response: Dispatcher.ResponseData): Promise<Error> {
  const { statusCode } = response;
  const message = await readMessage(response);
  if (statusCode === 429) {
    const retryAfterMs = parseRetryAfter(response.headers['retry-after']);
    const limited = new RateLimitedError(`The provider ${name} limits the rate: ${message}`, {
      ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: retryAfterMs / 1_000 }),
    });
    return new TransientProviderFailure(limited, retryAfterMs);
  }
  if (statusCode === 401 || statusCode === 403) {
    return new ProviderError(
      `The provider ${name} rejected AION's own credentials (${statusCode}). Correct its API key.`,
    );
  }
  if (statusCode >= 500 || statusCode === 408 || statusCode === 409) {
    const failure = new ProviderError(`The provider ${name} responded with ${statusCode}.`, {
      cause: new Error(message),
    });
    return new TransientProviderFailure(failure, parseRetryAfter(response.headers['retry-after']));
  }
  if (statusCode === 404) return new ModelNotFoundError(`The provider ${name} reports: ${message}`, { param: 'model' });
  return new InvalidRequestError(`The provider ${name} rejected the request: ${message}`);
}

async function readMessage(response: Dispatcher.ResponseData): Promise<string> {
  const text = (await response.body.text()).slice(0, MAX_ERROR_BYTES);
  try {
    const parsed = z.object({ error: z.object({ message: z.string() }) }).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.error.message.slice(0, 500) : text.slice(0, 200);
  } catch {
    // Not JSON: the text itself is the message.
    return text.slice(0, 200);
  }
}

/** Parses `Retry-After` into milliseconds (RFC 9110, 10.2.3: seconds or a date). */
function parseRetryAfter(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** Creates exponential backoff with full jitter; the provider's `Retry-After` takes precedence. Both are bounded. */
function createBackoff(): IBackoffFactory<IRetryBackoffContext<unknown>> {
  return new DelegateBackoff(({ attempt, result }) => {
    const error = 'error' in result ? result.error : undefined;
    const requested = error instanceof TransientProviderFailure ? error.retryAfterMs : undefined;
    return Math.min(requested ?? Math.random() * 200 * 2 ** attempt, MAX_BACKOFF_MS);
  });
}
