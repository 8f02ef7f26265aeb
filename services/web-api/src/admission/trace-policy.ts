import type { Identity } from '@aion/http';
import { contextFromCarrier } from '@aion/tracing';
import { ROOT_CONTEXT, trace, type Context, type Link } from '@opentelemetry/api';
import type { IncomingHttpHeaders } from 'node:http';

/** What of the caller's trace context is used. */
export interface TracePolicy {
  readonly parent: Context;
  readonly links: Link[];
}

/** The caller's span from `traceparent` and `tracestate`. Baggage from outside is never taken: it would enter our logs. */
export function callerContext(headers: IncomingHttpHeaders): Context {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return ROOT_CONTEXT;
  return contextFromCarrier({ traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) });
}

/** Links to the caller's span, when it sent one that is well formed. */
export function linksTo(caller: Context): Link[] {
  const span = trace.getSpanContext(caller);
  return span === undefined ? [] : [{ context: span }];
}

/**
 * Anybody can send a `traceparent`: continuing it would let strangers decide what is sampled and write into traces of
 * others. So the edge starts a root of its own with a link, unless the key was given the scope `trace`.
 */
export function tracePolicy(identity: Identity, caller: Context): TracePolicy {
  if (identity.kind === 'key' && identity.scopes.includes('trace')) return { parent: caller, links: [] };
  return { parent: ROOT_CONTEXT, links: linksTo(caller) };
}
