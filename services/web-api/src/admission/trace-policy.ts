import type { Identity } from '@aion/http';
import { contextFromCarrier } from '@aion/tracing';
import { ROOT_CONTEXT, trace, type Context, type Link } from '@opentelemetry/api';
import type { IncomingHttpHeaders } from 'node:http';

/** Parent and links of the span of a request. */
export interface TracePolicy {
  readonly parent: Context;
  readonly links: Link[];
}

/** Parses the caller's span from `traceparent` and `tracestate`. Its baggage is ignored: it would enter the logs. */
export function parseCallerContext(headers: IncomingHttpHeaders): Context {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return ROOT_CONTEXT;
  return contextFromCarrier({ traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) });
}

/** Creates a link to the caller's span, if it sent a well-formed one. */
export function createLinks(caller: Context): Link[] {
  const span = trace.getSpanContext(caller);
  return span === undefined ? [] : [{ context: span }];
}

/**
 * Decides whether a request continues the caller's trace. Anybody can send a `traceparent`: to continue it would let
 * strangers decide what is sampled, and write into the traces of others. The edge therefore starts a root span with a
 * link, unless the key has the scope `trace`.
 */
export function decideTracePolicy(identity: Identity, caller: Context): TracePolicy {
  if (identity.kind === 'key' && identity.scopes.includes('trace')) return { parent: caller, links: [] };
  return { parent: ROOT_CONTEXT, links: createLinks(caller) };
}
