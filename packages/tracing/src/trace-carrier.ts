import { context, propagation, ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api';
import { activeIds, contextWithIds, fromBaggage, toBaggage } from './request-ids.ts';

/** Header values of W3C Trace Context and W3C Baggage, which propagate a context between processes. */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** Captures a context for another AION process. For third parties use `captureTraceparent`. */
export function captureCarrier(from: Context = context.active()): TraceCarrier {
  const baggage = toBaggage(activeIds(from));
  return baggage === undefined ? captureTraceparent(from) : { ...captureTraceparent(from), baggage };
}

/** Captures a context without baggage: correlation and tenant ids must not leave AION. */
export function captureTraceparent(from: Context = context.active()): TraceCarrier {
  const span = trace.getSpanContext(from);
  if (span === undefined || !trace.isSpanContextValid(span)) return {};
  const traceparent = `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = span.traceState?.serialize();
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** Restores the context of a carrier; malformed values are ignored. */
export function contextFromCarrier(carrier: TraceCarrier): Context {
  const base = carrier.traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, carrier);
  return carrier.baggage === undefined ? base : contextWithIds(base, fromBaggage(carrier.baggage));
}
