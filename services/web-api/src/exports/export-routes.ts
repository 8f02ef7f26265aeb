import { InvalidRecipientError, parseAgeRecipient } from '@aion/bundle';
import { internalRoute, routes } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import { bearerOf, bindRoute, streamReply, type BoundRoute, type ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import { context, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { authorise } from '../admission/authorise.ts';
import type { KeyAuthenticator } from '../keys/key-authenticator.ts';
import { callerOf } from '../management/caller-of.ts';
import { reveal } from '../management/forward-route.ts';
import { EVENT_STREAM_HEADERS } from './server-sent-events.ts';
import { isFinal, watchExport as watch } from './watch-export.ts';

/** What the export routes work with. */
export interface ExportRoutesOptions {
  readonly database: ServiceClient;
  readonly authenticator: KeyAuthenticator;
  readonly logger: Logger;
  readonly pollMs: number;
  /** How long one watch may last. */
  readonly watchLimitMs: number;
  /** Aborted when the service stops: watches end, and their readers connect to another instance. */
  readonly stopping: AbortSignal;
}

/** Proxies close connections that carry nothing for 30 to 60 s. */
const HEARTBEAT_MS = 15_000;
const POLL_TIMEOUT_MS = 5_000;
/** More than a watch's own limit, which is to end it cleanly first. */
const WATCH_MARGIN_MS = 10_000;

/** Creates the routes by which a tenant requests and follows its exports. */
export function createExportRoutes(options: ExportRoutesOptions): readonly BoundRoute[] {
  const { database } = options;
  return [
    bindRoute(routes.exports.create, async (request, reply) => {
      const body = { recipient: checkRecipient(request.body.recipient) };
      const caller = callerOf(routes.exports.create, { ...request, body });
      return reveal(
        await database.call(internalRoute(routes.exports.create), { body, caller, signal: request.signal }),
        reply,
      );
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
      // 204 tells an EventSource, which has seen the last event, to stop connecting (WHATWG HTML, 9.2.3).
      const isOver = isFinal(first.answer) && seenVersion !== undefined && seenVersion >= (first.version ?? 0);
      if (isOver || req.method === 'HEAD') return undefined;
      const untraced = withoutRecording(context.active());
      const ended = AbortSignal.any([signal, stopping]);
      const body = watch({
        first,
        read: () =>
          context.with(untraced, async () => {
            // A key that is revoked while it watches is refused as soon as any other.
            authorise(routes.exports.watch, await authenticator.authenticate(bearerOf(headers), []));
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

/** Four polls a second for an hour would bury a trace: they keep its ids and baggage, and record no spans. */
function withoutRecording(active: Context): Context {
  const span = trace.getSpanContext(active);
  return span === undefined ? active : trace.setSpanContext(active, { ...span, traceFlags: TraceFlags.NONE });
}

/** An id of ours, which is a version; any other value is passed over. */
function parseEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** The recipient in its canonical text. @throws InvalidRequestError before anything is stored or called */
function checkRecipient(text: string): string {
  try {
    return parseAgeRecipient(text).text;
  } catch (error) {
    if (!(error instanceof InvalidRecipientError)) throw error;
    const fields = [{ pointer: '/recipient', detail: error.message }];
    throw new InvalidRequestError(error.message, { cause: error, param: 'recipient', fields });
  }
}
