import { context, createContextKey, propagation, trace, type Context } from '@opentelemetry/api';

/** The ids that every log line and every hop of one user action shares. */
export interface RequestIds {
  /** Names the user's action across all services and the queue. */
  readonly correlationId?: string;
  readonly tenantId?: string;
  /** Names one request to one service; does not cross to the next. */
  readonly requestId?: string;
}

const CORRELATION_KEY = 'aion.correlation_id';
const TENANT_KEY = 'aion.tenant_id';
const REQUEST_ID_KEY = createContextKey('aion.request_id');
const VALID_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Whether an id from outside may be logged and echoed: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. */
export function isValidId(value: unknown): value is string {
  return typeof value === 'string' && VALID_ID.test(value);
}

/** A context that carries the given ids: correlation and tenant in baggage, the request id in this process only. */
export function contextWithIds(base: Context, ids: RequestIds): Context {
  let baggage = propagation.getBaggage(base) ?? propagation.createBaggage();
  if (ids.correlationId !== undefined) baggage = baggage.setEntry(CORRELATION_KEY, { value: ids.correlationId });
  if (ids.tenantId !== undefined) baggage = baggage.setEntry(TENANT_KEY, { value: ids.tenantId });
  const withBaggage = propagation.setBaggage(base, baggage);
  return ids.requestId === undefined ? withBaggage : withBaggage.setValue(REQUEST_ID_KEY, ids.requestId);
}

/** Runs a function in a context with the given ids. */
export function runWithIds<T>(ids: RequestIds, run: () => T): T {
  return context.with(contextWithIds(context.active(), ids), run);
}

/** The ids of the active context; an id that arrived malformed is left out. */
export function activeIds(from: Context = context.active()): RequestIds {
  const baggage = propagation.getBaggage(from);
  const correlationId = baggage?.getEntry(CORRELATION_KEY)?.value;
  const tenantId = baggage?.getEntry(TENANT_KEY)?.value;
  const requestId = from.getValue(REQUEST_ID_KEY);
  return {
    ...(isValidId(correlationId) ? { correlationId } : {}),
    ...(isValidId(tenantId) ? { tenantId } : {}),
    ...(isValidId(requestId) ? { requestId } : {}),
  };
}

/** Trace and span id (hex) of the active span, or undefined outside of any. */
export function activeSpanIds(from: Context = context.active()): { traceId: string; spanId: string } | undefined {
  const span = trace.getSpanContext(from);
  return span === undefined ? undefined : { traceId: span.traceId, spanId: span.spanId };
}
