import { InvalidRecipientError, parseAgeRecipient } from '@aion/bundle';
import { internalRoute, routes } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import { bindRoute, parseBearerToken, streamReply, type BoundRoute, type ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import { context, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { authorise } from '../callers/authorise.ts';
import type { KeyAuthenticator } from '../keys/key-authenticator.ts';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';
import { EVENT_STREAM_HEADERS } from './format-event.ts';
import { isFinal, watchExport } from './watch-export.ts';

/** Options of `createExportRoutes`. */
export interface ExportRoutesOptions {
  readonly database: ServiceClient;
  readonly authenticator: KeyAuthenticator;
  readonly logger: Logger;
  readonly pollMs: number;
  /** Maximum duration of one watch. */
  readonly watchLimitMs: number;
  /** Aborted when the service stops: watches end, and their readers reconnect to another instance. */
  readonly stopping: AbortSignal;
}

/** Proxies close connections that are idle for 30 to 60 s. */
const HEARTBEAT_MS = 15_000;
const POLL_TIMEOUT_MS = 5_000;
/** Added to the limit of a watch, which ends it cleanly before its request times out. */
const WATCH_MARGIN_MS = 10_000;

/** Creates the routes by which a tenant requests and watches its exports. */
export function createExportRoutes(options: ExportRoutesOptions): readonly BoundRoute[] {
  const { database } = options;
  return [
    bindRoute(routes.exports.create, async (request, reply) => {
      const body = { recipient: toCanonicalRecipient(request.body.recipient) };
      const caller = callerOf(routes.exports.create, { ...request, body });
      const input = { body, caller, signal: request.signal };
      return applyResponseHeaders(await database.call(internalRoute(routes.exports.create), input), reply);
    }),
    bindWatch(options),
  ];
}

function bindWatch({
  database,
  authenticator,
  logger,
  pollMs,
  watchLimitMs,
  stopping,
}: ExportRoutesOptions): BoundRoute {
  return bindRoute(
    routes.exports.watch,
    async (request) => {
      const { params, headers, signal, req } = request;
      const read = async (options: { readonly signal: AbortSignal; readonly timeoutMs?: number }) => {
        const caller = callerOf(routes.exports.watch, request);
        return database.call(internalRoute(routes.exports.get), { params, caller, ...options });
      };
      const first = await read({ signal });
      const seenVersion = parseEventId(headers['last-event-id']);
      // On 204 an EventSource, which has received the last event, stops reconnecting (WHATWG HTML, 9.2.3).
      const isOver = isFinal(first.answer) && seenVersion !== undefined && seenVersion >= (first.version ?? 0);
      if (isOver || req.method === 'HEAD') return undefined;
      const untraced = withoutRecording(context.active());
      const ended = AbortSignal.any([signal, stopping]);
      const body = watchExport({
        first,
        read: () =>
          context.with(untraced, async () => {
            // A key that is revoked during a watch is rejected as soon as any other.
            authorise(routes.exports.watch, await authenticator.authenticate(parseBearerToken(headers), []));
            return read({ signal: ended, timeoutMs: POLL_TIMEOUT_MS });
          }),
        seenVersion,
        pollMs,
        heartbeatMs: HEARTBEAT_MS,
        limitMs: watchLimitMs,
        signal: ended,
        logger: logger.child('exports'),
      });
      return streamReply({ contentType: 'text/event-stream', headers: EVENT_STREAM_HEADERS, body });
    },
    { timeoutMs: watchLimitMs + WATCH_MARGIN_MS },
  );
}

/** Disables recording of spans: four polls a second for an hour would flood the trace. Ids and baggage stay. */
function withoutRecording(active: Context): Context {
  const span = trace.getSpanContext(active);
  return span === undefined ? active : trace.setSpanContext(active, { ...span, traceFlags: TraceFlags.NONE });
}

/** Parses the id of an event, which is a version; any other value is ignored. */
function parseEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Converts a recipient to its canonical text. @throws InvalidRequestError */
function toCanonicalRecipient(text: string): string {
  try {
    return parseAgeRecipient(text).text;
  } catch (error) {
    if (!(error instanceof InvalidRecipientError)) throw error;
    const fields = [{ pointer: '/recipient', detail: error.message }];
    throw new InvalidRequestError(error.message, { cause: error, param: 'recipient', fields });
  }
}
