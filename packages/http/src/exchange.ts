import { randomUUID } from 'node:crypto';
import { SpanStatusCode, type Context, type Link } from '@opentelemetry/api';
import { toAionError, type AionError } from '@aion/errors';
import { redactText, type Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { captureTraceparent, contextWithIds, failSpan, isValidId, openSpan } from '@aion/tracing';
import { context, SpanKind } from '@opentelemetry/api';
import type { Request, Response } from 'express';
import { redactPath } from './redact-path.ts';
import { toDurationStatus } from './to-duration-status.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Header that identifies an action of a user across services. */
export const CORRELATION_HEADER = 'x-correlation-id';

/** Request and its response, as recorded in telemetry. */
export interface Exchange {
  /** Context in which the request is handled: its span, ids and baggage. */
  readonly context: Context;
  readonly requestId: string;
  /** Records the failure of the response, also after its head was sent. Only the first counts: others follow from it. */
  readonly fail: (thrown: unknown) => AionError;
  /** Records the size of the request body. */
  readonly received: (bytes: number) => void;
  /** Records that the client has received everything, although the connection may end early. */
  readonly complete: () => void;
}

/** Options of `openExchange`. */
export interface ExchangeOptions {
  readonly req: Request;
  readonly res: Response;
  /** Path template of the matched route, or `unmatched`. */
  readonly path: string;
  readonly parent: Context;
  readonly links: Link[];
  /** Used when the baggage of the parent contains none. */
  readonly correlationId: string | undefined;
  readonly tenantId: string | undefined;
  readonly arrivedAt: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Returns the correlation id of a request if it can be echoed and logged, else a new one. */
export function readCorrelationId(req: Request): string {
  const sent = req.headers[CORRELATION_HEADER];
  // A key or a card number also has the form of an id: a value that looks like a secret is not echoed, logged or forwarded.
  return isValidId(sent) && redactText(sent) === sent ? sent : randomUUID();
}

/** Opens an exchange with its span and ids. When the response closes, it records metrics, span and access log once. */
export function openExchange(options: ExchangeOptions): Exchange {
  const { req, res, path, arrivedAt } = options;
  const method = METHODS.has(req.method) ? req.method : 'OTHER';
  const requestId = randomUUID();
  const base = contextWithIds(options.parent, {
    requestId,
    ...(options.correlationId === undefined ? {} : { correlationId: options.correlationId }),
    ...(options.tenantId === undefined ? {} : { tenantId: options.tenantId }),
  });
  const { span, context: active } = openSpan(`${method} ${path}`, {
    kind: SpanKind.SERVER,
    parent: base,
    links: options.links,
    startTime: arrivedAt,
    subject: 'http',
  });
  if (span.isRecording()) {
    span.setAttribute('http.request.method', method === 'OTHER' ? '_OTHER' : method);
    // An unmatched path may contain anything, so it is not recorded.
    if (path !== 'unmatched') span.setAttributes({ 'http.route': path, 'url.path': redactPath(req.path) });
  }
  setIdHeaders(res, requestId, options.correlationId, active);

  let failure: AionError | undefined;
  let isComplete = false;
  let receivedBytes = 0;
  const { socket } = req;
  const sentBefore = socket.bytesWritten;
  const inFlight = options.metrics.gauge('http_requests_in_flight');
  inFlight.inc({ method });
  res.once('close', () => {
    inFlight.dec({ method });
    const status = isComplete ? res.statusCode : finalStatus(res, failure);
    const durationMs = Date.now() - arrivedAt;
    const labels = { method, path, status: String(status) };
    span.setAttribute('http.response.status_code', status);
    if (status >= 500) {
      if (failure === undefined) {
        span.setAttribute('error.type', String(status));
        span.setStatus({ code: SpanStatusCode.ERROR });
      } else failSpan(span, failure);
    }
    span.end();
    context.with(active, () => {
      const sentBytes = Math.max(0, socket.bytesWritten - sentBefore);
      recordMetrics(options.metrics, labels, { seconds: durationMs / 1_000, receivedBytes, sentBytes });
      const fields = { method, path, status, duration_ms: durationMs };
      if (status >= 500) options.logger.warn('Request failed', { ...fields, error: failure });
      else options.logger.info('Request handled', fields);
    });
  });
  return {
    context: active,
    requestId,
    fail: (thrown) => (failure ??= toAionError(thrown)),
    received: (bytes) => {
      receivedBytes = bytes;
    },
    complete: () => {
      isComplete = true;
    },
  };
}

function recordMetrics(
  metrics: Metrics,
  labels: { readonly method: string; readonly path: string; readonly status: string },
  measured: { readonly seconds: number; readonly receivedBytes: number; readonly sentBytes: number },
): void {
  const { method, path } = labels;
  metrics.counter('http_requests_total').inc(labels);
  const status = toDurationStatus(labels.status);
  metrics.histogram('http_request_duration_seconds').observe({ method, path, status }, measured.seconds);
  if (measured.receivedBytes > 0) {
    metrics.histogram('http_request_size_bytes').observe({ method, path }, measured.receivedBytes);
  }
  metrics.histogram('http_response_size_bytes').observe({ method, path }, measured.sentBytes);
}

/** Returns 499 when the client disconnected early, or the status of the failure when the response broke after its head. */
function finalStatus(res: Response, failure: AionError | undefined): number {
  if (res.writableFinished) return res.statusCode;
  return failure?.status ?? 499;
}

function setIdHeaders(res: Response, requestId: string, correlationId: string | undefined, active: Context): void {
  res.setHeader('x-request-id', requestId);
  if (correlationId !== undefined) res.setHeader(CORRELATION_HEADER, correlationId);
  // `traceresponse` has the form of `traceparent` (W3C Trace Context Level 2), with the real sampled flag.
  const { traceparent } = captureTraceparent(active);
  if (traceparent !== undefined) res.setHeader('traceresponse', traceparent);
}
