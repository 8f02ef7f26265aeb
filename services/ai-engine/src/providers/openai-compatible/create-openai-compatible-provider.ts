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

/** How a provider is reached. */
export interface OpenAiCompatibleOptions {
  /** Used as a metric label and as the prefix that routes to it: `openai`. */
  readonly name: string;
  /** Up to and including `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Repeats after the first try, before an answer has begun. */
  readonly retries: number;
}

const MAX_ERROR_BYTES = 65_536;
const MAX_BACKOFF_MS = 8_000;
const LIST_TIMEOUT_MS = 5_000;
const modelList = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), created: z.number().catch(0), owned_by: z.string().catch('unknown') })),
});

/** A failure that another try may mend: no connection, 408, 409, 429 or 5xx. */
class TransientProviderFailure extends Error {
  readonly failure: Error;
  readonly retryAfterMs: number | undefined;
  constructor(failure: Error, retryAfterMs?: number) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Creates a provider that speaks OpenAI's dialect at any base URL. Answers are passed on as bytes. The call carries
 * `traceparent`, and nothing else of AION's context.
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
        const answer = await request(pool, {
          path: `${root}/chat/completions`,
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json', ...captureTraceparent() },
          body: JSON.stringify(toUpstreamBody(call)),
          signal: call.signal,
        });
        span.setAttribute('http.response.status_code', answer.statusCode);
        if (answer.statusCode >= 400) throw await toFailure(options.name, answer);
        return answer;
      },
    );

  return {
    name: options.name,
    listModels: async () => {
      const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
      const answer = await request(pool, { path: `${root}/models`, method: 'GET', headers, signal });
      if (answer.statusCode !== 200) throw await toFailure(options.name, answer);
      const { data } = modelList.parse(await answer.body.json());
      return data.map(({ id, created, owned_by: ownedBy }) => ({ id, created, ownedBy }));
    },
    createChatCompletion: async (call) => {
      // Each try listens to the signal while it lasts; that is no leak.
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

/** The caller's body for the provider: its own model name, and usage asked for on streams, so that it is never lost. */
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
    const failure = new ProviderUnreachableError('The model provider cannot be reached.', { cause: error });
    throw new TransientProviderFailure(failure);
  }
}

function toResponse(answer: Dispatcher.ResponseData, name: string): ProviderResponse {
  const contentType = answer.headers['content-type'];
  return {
    status: answer.statusCode,
    contentType: typeof contentType === 'string' ? contentType : 'application/json',
    body: readBody(answer.body, name),
  };
}

async function* readBody(body: AsyncIterable<unknown>, name: string): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of body) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    throw new ProviderError(`The provider ${name} broke its answer off.`, { cause: error });
  }
}

/** A provider's refusal: the caller's own mistakes are told, the rest is the provider's failure. */
async function toFailure(name: string, answer: Dispatcher.ResponseData): Promise<Error> {
  const { statusCode } = answer;
  const message = await readMessage(answer);
  if (statusCode === 429) {
    const retryAfterMs = parseRetryAfter(answer.headers['retry-after']);
    const limited = new RateLimitedError(`The provider ${name} limits the rate: ${message}`, {
      ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: retryAfterMs / 1_000 }),
    });
    return new TransientProviderFailure(limited, retryAfterMs);
  }
  if (statusCode === 401 || statusCode === 403) {
    return new ProviderError(`The provider ${name} refused AION's own credentials (${statusCode}).`);
  }
  if (statusCode >= 500 || statusCode === 408 || statusCode === 409) {
    const failure = new ProviderError(`The provider ${name} answered ${statusCode}.`, { cause: new Error(message) });
    return new TransientProviderFailure(failure, parseRetryAfter(answer.headers['retry-after']));
  }
  if (statusCode === 404) return new ModelNotFoundError(`The provider ${name} says: ${message}`, { param: 'model' });
  return new InvalidRequestError(`The provider ${name} refused the request: ${message}`);
}

async function readMessage(answer: Dispatcher.ResponseData): Promise<string> {
  const text = (await answer.body.text()).slice(0, MAX_ERROR_BYTES);
  try {
    const parsed = z.object({ error: z.object({ message: z.string() }) }).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.error.message.slice(0, 500) : text.slice(0, 200);
  } catch {
    // Not JSON: the text itself is all there is to tell.
    return text.slice(0, 200);
  }
}

/** `Retry-After` as milliseconds (RFC 9110, 10.2.3: seconds or a date). */
function parseRetryAfter(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** Full jitter over an exponential bound, or what the provider asked for; both bounded. */
function createBackoff(): IBackoffFactory<IRetryBackoffContext<unknown>> {
  return new DelegateBackoff(({ attempt, result }) => {
    const error = 'error' in result ? result.error : undefined;
    const asked = error instanceof TransientProviderFailure ? error.retryAfterMs : undefined;
    return Math.min(asked ?? Math.random() * 200 * 2 ** attempt, MAX_BACKOFF_MS);
  });
}
