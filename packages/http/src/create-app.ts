import type { Deprecation, Route } from '@aion/contracts';
import { InternalError, MethodNotAllowedError, NotFoundError, InvalidRequestError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { context, type Context, type Link } from '@opentelemetry/api';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { BoundRoute } from './bind-route.ts';
import { endUnreadBody } from './end-unread-body.ts';
import { toAllowedMs, contextWithDeadline, createRequestAbort, TIMEOUT_HEADER } from './deadline.ts';
import { openExchange, type Exchange } from './exchange.ts';
import { listErrorFields } from './list-error-fields.ts';
import { getTenantId, type Identity } from './identity.ts';
import { createBodyReader, type BodyReader } from './body-reader.ts';
import { openUpload } from './open-upload.ts';
import { redactPath } from './redact-path.ts';
import { sendError, sendResult } from './send-result.ts';
import { startHttpSeries } from './start-http-series.ts';
import { parseJson, validate } from './validate.ts';

/** Result of authenticating a request: its sender and the trace that it belongs to. */
export interface Admission {
  readonly identity: Identity;
  readonly parent: Context;
  readonly links: Link[];
  /** Used when the baggage of the parent contains none. */
  readonly correlationId: string | undefined;
  /** Reason for rejecting the caller; rejected requests are recorded like all others. */
  readonly refusal?: unknown;
}

/** Authenticates a request and decides whether its trace is continued. Never throws: a rejection is part of the result. */
export type Admit = (route: Route | undefined, req: Request) => Promise<Admission>;

/** Options of `createApp`. */
export interface AppOptions {
  readonly routes: readonly BoundRoute[];
  readonly admit: Admit;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Time limit of a request, default 30 s; a bound route may have its own, and a caller may request a shorter one. */
  readonly timeoutMs?: number;
  /** Middleware that runs before all routes, such as security headers. */
  readonly middleware?: readonly RequestHandler[];
}

/**
 * Creates an Express app from bound routes. It handles for each of them: authentication, span and ids, deadline,
 * validation against the contract, metrics, the access log, and errors in the format of the API.
 */
export function createApp(options: AppOptions): Express {
  startHttpSeries(
    options.metrics,
    options.routes.map((bound) => bound.route),
  );
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(endUnreadBody);
  for (const middleware of options.middleware ?? []) app.use(middleware);
  const readBody = createBodyReader(options.maxBodyBytes ?? 1_048_576);
  for (const bound of options.routes) {
    const path = toExpressPath(bound.route.path);
    app[toExpressMethod(bound.route.method)](path, (req, res) => handleRequest(options, readBody, bound, req, res));
  }
  for (const path of new Set(options.routes.map((bound) => bound.route.path))) {
    const allow = options.routes.filter((bound) => bound.route.path === path).map((bound) => bound.route.method);
    app.all(toExpressPath(path), (req, res) => {
      res.setHeader('allow', allow.join(', '));
      return rejectRequest(
        options,
        req,
        res,
        path,
        new MethodNotAllowedError(`${path} supports ${allow.join(', ')} only.`),
      );
    });
  }
  app.use((req, res) => rejectRequest(options, req, res, 'unmatched', new NotFoundError('This route does not exist.')));
  // Express recognises an error handler by its four parameters. Errors that arrive here precede any route.
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) =>
    rejectRequest(
      options,
      req,
      res,
      'unmatched',
      new InvalidRequestError('The request could not be parsed.', { cause: error }),
    ),
  );
  return app;
}

async function handleRequest(
  options: AppOptions,
  readBody: BodyReader,
  bound: BoundRoute,
  req: Request,
  res: Response,
): Promise<void> {
  const { route } = bound;
  const arrivedAt = Date.now();
  const timeoutMs = toAllowedMs(req.headers[TIMEOUT_HEADER], bound.timeoutMs ?? options.timeoutMs ?? 30_000);
  const deadline = performance.now() + timeoutMs;
  const abort = createRequestAbort(timeoutMs);
  res.once('close', () => {
    if (!res.writableFinished) abort.clientClosed();
    abort.release();
  });
  const admission = await options.admit(route, req);
  const exchange = openRequestExchange(options, req, res, route.path, admission, arrivedAt);
  if (route.deprecation !== undefined) setDeprecationHeaders(res, route.deprecation);
  await context.with(contextWithDeadline(exchange.context, deadline), async () => {
    try {
      if (admission.refusal !== undefined) throw toError(admission.refusal);
      const params = validate(route.params, req.params, 'path');
      const query = validate(route.query, req.query, 'query');
      const rawBody = route.body === undefined ? Buffer.alloc(0) : await readInTime(readBody(req, res), abort.signal);
      exchange.received(rawBody.length);
      const body = route.body === undefined ? undefined : validate(route.body, parseJson(rawBody), 'body');
      const { identity } = admission;
      const { headers } = req;
      const { signal } = abort;
      const upload = (maxBytes: number) => {
        if (route.upload !== true) throw new InternalError(`${route.name} does not declare an upload.`);
        return openUpload(req, { maxBytes, signal, onBytes: exchange.received });
      };
      const result = await bound.handle(
        { params, query, body, rawBody, upload, headers, identity, signal, req, res },
        { setHeader: (name, value) => res.setHeader(name, value) },
      );
      await sendResult(res, result, {
        status: route.response.status,
        signal,
        onStreamFailure: exchange.fail,
        onStreamComplete: exchange.complete,
      });
    } catch (thrown) {
      sendFailure(res, exchange, {
        thrown: abort.signal.aborted ? abort.signal.reason : thrown,
        path: req.path,
        route,
      });
    }
  });
}

/** Announces the removal of a route on every response, including errors (RFC 9745, RFC 8594). */
function setDeprecationHeaders(res: Response, { since, sunset, link }: Deprecation): void {
  res.setHeader('deprecation', `@${Math.floor(Date.parse(since) / 1_000)}`);
  if (sunset !== undefined) res.setHeader('sunset', new Date(sunset).toUTCString());
  if (link !== undefined) res.setHeader('link', `<${link}>; rel="deprecation"`);
}

/** Awaits the body; rejects with the reason of the signal on abort, so that a slow sender cannot outlast the deadline. */
async function readInTime(reading: Promise<Buffer>, signal: AbortSignal): Promise<Buffer> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(toError(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([reading, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Rejects a request that matches no route. */
async function rejectRequest(
  options: AppOptions,
  req: Request,
  res: Response,
  path: string,
  error: Error,
): Promise<void> {
  const arrivedAt = Date.now();
  const admission = await options.admit(undefined, req);
  const exchange = openRequestExchange(options, req, res, path, admission, arrivedAt);
  context.with(exchange.context, () => sendFailure(res, exchange, { thrown: error, path: req.path }));
}

function openRequestExchange(
  options: AppOptions,
  req: Request,
  res: Response,
  path: string,
  admission: Admission,
  arrivedAt: number,
): Exchange {
  const { parent, links, correlationId, identity } = admission;
  const { logger, metrics } = options;
  const tenantId = getTenantId(identity);
  return openExchange({ req, res, path, parent, links, correlationId, tenantId, arrivedAt, logger, metrics });
}

function sendFailure(
  res: Response,
  exchange: Exchange,
  { thrown, path, route }: { readonly thrown: unknown; readonly path: string; readonly route?: Route },
): void {
  const error = exchange.fail(thrown);
  if (res.headersSent) res.destroy();
  else {
    const fields = listErrorFields(error, route);
    sendError(res, error, { path: redactPath(path), requestId: exchange.requestId, fields });
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function toExpressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function toExpressMethod(method: Route['method']): 'get' | 'post' | 'put' | 'patch' | 'delete' {
  const methods = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;
  return methods[method];
}
