import { context, propagation, ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api';
import { activeIds, contextWithIds, fromBaggage, toBaggage } from './request-ids.ts';

/** What crosses a process boundary: W3C Trace Context and W3C Baggage, as header values. */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** The active context as a carrier, for the next AION process. Third parties get `captureTraceparent` instead. */
export function captureCarrier(from: Context = context.active()): TraceCarrier {
  const baggage = toBaggage(activeIds(from));
  return baggage === undefined ? captureTraceparent(from) : { ...captureTraceparent(from), baggage };
}

/** The active context without baggage: correlation and tenant ids never leave AION. */
export function captureTraceparent(from: Context = context.active()): TraceCarrier {
  const span = trace.getSpanContext(from);
  if (span === undefined || !trace.isSpanContextValid(span)) return {};
  const traceparent = `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = span.traceState?.serialize();
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** The context that a carrier describes; malformed values give the root context. */
export function contextFromCarrier(carrier: TraceCarrier): Context {
  const base = carrier.traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, carrier);
  return carrier.baggage === undefined ? base : contextWithIds(base, fromBaggage(carrier.baggage));
}
