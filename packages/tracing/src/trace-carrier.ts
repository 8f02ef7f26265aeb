import { context, propagation, ROOT_CONTEXT, type Context } from '@opentelemetry/api';

/** What crosses a process boundary: W3C Trace Context and W3C Baggage, as header values. */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** The active context as a carrier, for the next AION process. Third parties get `captureTraceparent` instead. */
export function captureCarrier(from: Context = context.active()): TraceCarrier {
  const carrier: Record<string, string> = {};
  propagation.inject(from, carrier);
  return carrier;
}

/** The active context without baggage: correlation and tenant ids never leave AION. */
export function captureTraceparent(from: Context = context.active()): TraceCarrier {
  return captureCarrier(propagation.deleteBaggage(from));
}

/** The context that a carrier describes; malformed values give the root context. */
export function contextFromCarrier(carrier: TraceCarrier): Context {
  return propagation.extract(ROOT_CONTEXT, carrier);
}
