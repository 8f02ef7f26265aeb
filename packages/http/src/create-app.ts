import type { Deprecation, Route } from '@aion/contracts';
import { InternalError, MethodNotAllowedError, NotFoundError, InvalidRequestError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { context, type Context, type Link } from '@opentelemetry/api';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { BoundRoute } from './bind-route.ts';
import { endUnreadBody } from './end-unread-body.ts';
import { allowedMs, contextWithDeadline, createRequestAbort, TIMEOUT_HEADER } from './deadline.ts';
import { openExchange, type Exchange } from './exchange.ts';
import { fieldsOf } from './fields-of.ts';
import { tenantOf, type Identity } from './identity.ts';
import { createBodyReader, type BodyReader } from './read-body.ts';
import { openUpload } from './open-upload.ts';
import { redactPath } from './redact-path.ts';
import { sendError, sendResult } from './send-reply.ts';
import { startHttpSeries } from './start-http-series.ts';
import { parseJson, validate } from './validate.ts';

/** What a request comes with: who sent it and which trace it belongs to. */
export interface Admission {
  readonly identity: Identity;
  readonly parent: Context;
  readonly links: Link[];
  /** Set where the parent's baggage has none. */
  readonly correlationId: string | undefined;
  /** Why the caller is refused; the exchange is opened all the same, so that refusals are seen. */
  readonly refusal?: unknown;
}

/** Decides who a caller is and whether its trace is continued. Never throws: a refusal is part of the answer. */
export type Admit = (route: Route | undefined, req: Request) => Promise<Admission>;

/** What an app is made of. */
export interface AppOptions {
  readonly routes: readonly BoundRoute[];
  readonly admit: Admit;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** How long one request may take, default 30 s; a bound route may have its own limit. A caller may ask for less. */
  readonly timeoutMs?: number;
  /** Run before all routes, such as security headers. */
  readonly middleware?: readonly RequestHandler[];
}

/**
 * Creates an express app from bound routes. It does for each what none should do by itself: admission, span and ids,
 * deadline, validation by contract, metrics, the access log, and errors in the API's shape.
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
      return refuse(options, req, res, path, new MethodNotAllowedError(`${path} answers to ${allow.join(', ')} only.`));
    });
  }
  app.use((req, res) => refuse(options, req, res, 'unmatched', new NotFoundError('There is no such route.')));
  // Express recognises an error handler by its four parameters. What arrives here failed before any route.
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) =>
    refuse(options, req, res, 'unmatched', new InvalidRequestError('The request cannot be read.', { cause: error })),
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
  const timeoutMs = allowedMs(req.headers[TIMEOUT_HEADER], bound.timeoutMs ?? options.timeoutMs ?? 30_000);
  const deadline = performance.now() + timeoutMs;
  const abort = createRequestAbort(timeoutMs);
  res.once('close', () => {
    if (!res.writableFinished) abort.clientGone();
    abort.release();
  });
  const admission = await options.admit(route, req);
  const exchange = begin(options, req, res, route.path, admission, arrivedAt);
  if (route.deprecation !== undefined) announceEnd(res, route.deprecation);
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
        if (route.upload !== true) throw new InternalError(`${route.name} takes no upload.`);
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
      answerFailure(res, exchange, {
        thrown: abort.signal.aborted ? abort.signal.reason : thrown,
        path: req.path,
        route,
      });
    }
  });
}

/** Says on every answer, also on errors, that the route will go: RFC 9745, RFC 8594. */
function announceEnd(res: Response, { since, sunset, link }: Deprecation): void {
  res.setHeader('deprecation', `@${Math.floor(Date.parse(since) / 1_000)}`);
  if (sunset !== undefined) res.setHeader('sunset', new Date(sunset).toUTCString());
  if (link !== undefined) res.setHeader('link', `<${link}>; rel="deprecation"`);
}

/** The body, or the abort's reason when it does not arrive in time: a slow sender must not outlast the deadline. */
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

/** Answers a request that no route takes. */
async function refuse(options: AppOptions, req: Request, res: Response, path: string, error: Error): Promise<void> {
  const arrivedAt = Date.now();
  const admission = await options.admit(undefined, req);
  const exchange = begin(options, req, res, path, admission, arrivedAt);
  context.with(exchange.context, () => answerFailure(res, exchange, { thrown: error, path: req.path }));
}

function begin(
  options: AppOptions,
  req: Request,
  res: Response,
  path: string,
  admission: Admission,
  arrivedAt: number,
): Exchange {
  const { parent, links, correlationId, identity } = admission;
  const { logger, metrics } = options;
  const tenantId = tenantOf(identity);
  return openExchange({ req, res, path, parent, links, correlationId, tenantId, arrivedAt, logger, metrics });
}

function answerFailure(
  res: Response,
  exchange: Exchange,
  { thrown, path, route }: { readonly thrown: unknown; readonly path: string; readonly route?: Route },
): void {
  const error = exchange.fail(thrown);
  if (res.headersSent) res.destroy();
  else {
    const fields = fieldsOf(error, route);
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
