import { Readable } from 'node:stream';
import { fillPath, type Caller, type Route, type ServiceName } from '@aion/contracts';
import {
  DeadlineExceededError,
  errorCode,
  fromProblem,
  InternalError,
  toAionError,
  UnavailableError,
} from '@aion/errors';
import type { Metrics } from '@aion/metrics';
import { captureCarrier, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import { handleWhen, IterableBackoff, retry } from 'cockatiel';
import { Pool, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { toCallerHeader } from './caller-header.ts';
import { remainingMs, TIMEOUT_HEADER } from './deadline.ts';
import { toDurationStatus } from './to-duration-status.ts';
import type { ServiceTokens } from './service-tokens.ts';

/** Input of a call. */
export interface CallInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params?: z.input<P>;
  readonly query?: z.input<Q>;
  readonly body?: z.input<B>;
  /** Bytes sent unchanged instead of `body`. */
  readonly rawBody?: Buffer;
  /** Caller that the service acts for; sent in the header `CALLER_HEADER`. */
  readonly caller?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Time limit, default 30 s; the active deadline also applies. */
  readonly timeoutMs?: number;
  /** True for calls that record something after the request that caused them: the active deadline does not apply. */
  readonly outlivesRequest?: boolean;
}

/** Response whose body is read as a stream. */
export interface StreamResult {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Destroy it to cancel the work of the called service. */
  readonly body: Readable;
}

/** Calls the routes of one service of AION. */
export interface ServiceClient {
  /**
   * Calls a route and validates its response against the contract.
   * @throws the domain error of the called service; UnavailableError when it cannot be reached; DeadlineExceededError
   */
  call<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
    route: Route<P, Q, B, R>,
    input: CallInput<P, Q, B>,
  ): Promise<z.output<R>>;
  /** Calls a route and returns the bytes of the response. Throws as `call` does until the head has arrived. */
  stream<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
    route: Route<P, Q, B, R>,
    input: CallInput<P, Q, B>,
  ): Promise<StreamResult>;
  close(): Promise<void>;
}

/** Options of `createServiceClient`. */
export interface ServiceClientOptions {
  readonly baseUrl: string;
  readonly audience: ServiceName;
  readonly tokens: ServiceTokens;
  readonly metrics: Metrics;
  /** Limit of connections to the service, default 128. */
  readonly maxConnections?: number;
}

type AnyInput = CallInput<z.ZodType, z.ZodType, z.ZodType>;
const RETRY_DELAYS_MS = [50, 250];
const MAX_ERROR_BYTES = 65_536;
const retryPolicy = retry(
  handleWhen((error) => !isTimeout(error)),
  { maxAttempts: RETRY_DELAYS_MS.length, backoff: new IterableBackoff(RETRY_DELAYS_MS) },
);

/** Creates a client whose requests contain the service token, the trace context with baggage, and the remaining time. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const { audience } = options;
  const { hostname, port, protocol } = new URL(options.baseUrl);
  const server = { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) };
  const pool = new Pool(options.baseUrl, { connections: options.maxConnections ?? 128, bodyTimeout: 0 });

  const send = (route: Route, input: AnyInput): Promise<Dispatcher.ResponseData> =>
    withSpan(
      `${route.method} ${route.path}`,
      {
        subject: 'http',
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': route.method,
          'url.template': route.path,
          'peer.service': audience,
          ...server,
        },
      },
      async (span) => {
        const startedAt = performance.now();
        let status = 'none';
        try {
          const answer = await sendWithRetries(options, pool, route, input);
          status = String(answer.statusCode);
          span.setAttribute('http.response.status_code', answer.statusCode);
          if (answer.statusCode >= 400) throw await toError(audience, answer);
          return answer;
        } finally {
          const { method, path } = route;
          const labels = { peer: audience, method, path, status: toDurationStatus(status) };
          const seconds = (performance.now() - startedAt) / 1_000;
          options.metrics.histogram('http_client_request_duration_seconds').observe(labels, seconds);
        }
      },
    );

  return {
    call: async (route, input) => {
      const answer = await send(route, input);
      if (route.response.json === undefined) {
        await answer.body.dump();
        // The output type of a route without a JSON response is `undefined`.
        return undefined as never;
      }
      return route.response.json.parse(await answer.body.json());
    },
    stream: async (route, input) => {
      const { statusCode, headers, body } = await send(route, input);
      const contentType = headers['content-type'];
      return {
        status: statusCode,
        contentType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
        headers,
        body,
      };
    },
    close: () => pool.destroy(),
  };
}

async function sendWithRetries(
  options: ServiceClientOptions,
  pool: Pool,
  route: Route,
  input: AnyInput,
): Promise<Dispatcher.ResponseData> {
  const send = () => sendOnce(options, pool, route, input);
  try {
    return await (route.idempotent ? retryPolicy.execute(send, input.signal) : send());
  } catch (error) {
    if (input.signal?.aborted === true) throw toAionError(input.signal.reason);
    if (isTimeout(error)) {
      throw new DeadlineExceededError(`${options.audience} did not respond in time.`, { cause: error });
    }
    const message = `${options.audience} could not be reached: retry later.`;
    throw new UnavailableError(message, { cause: error, retryAfterSeconds: 1 });
  }
}

async function sendOnce(
  options: ServiceClientOptions,
  pool: Pool,
  route: Route,
  input: AnyInput,
): Promise<Dispatcher.ResponseData> {
  const deadlineMs = input.outlivesRequest === true ? undefined : remainingMs();
  const timeoutMs = Math.min(input.timeoutMs ?? 30_000, deadlineMs ?? Infinity);
  const body = input.rawBody ?? (input.body === undefined ? undefined : JSON.stringify(input.body));
  return pool.request({
    method: route.method,
    path: fillPath(route, input.params, input.query),
    headersTimeout: Math.max(1, timeoutMs),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
    ...(body === undefined ? {} : { body }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...captureCarrier(),
      ...input.headers,
      ...(input.caller === undefined ? {} : toCallerHeader(input.caller)),
      authorization: `Bearer ${await options.tokens.issue(options.audience)}`,
      [TIMEOUT_HEADER]: String(timeoutMs),
    },
  });
}

function isTimeout(error: unknown): boolean {
  return errorCode(error) === 'UND_ERR_HEADERS_TIMEOUT';
}

async function toError(audience: ServiceName, answer: Dispatcher.ResponseData): Promise<Error> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    if (!(chunk instanceof Uint8Array)) break;
    bytes += chunk.length;
    if (bytes > MAX_ERROR_BYTES) break;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return (
    fromProblem(tryParse(text)) ??
    new InternalError(`${audience} responded with unexpected status ${answer.statusCode}.`)
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not JSON, and so not a problem document: the caller reports the status alone.
    return error;
  }
}
