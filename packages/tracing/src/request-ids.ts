import { context, createContextKey, trace, type Context } from '@opentelemetry/api';
import { LinkedContext } from './linked-context.ts';

/** The ids that every log line and every hop of one user action shares. */
export interface RequestIds {
  /** Names the user's action across all services and the queue. */
  readonly correlationId?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Names one request to one service; does not cross to the next. */
  readonly requestId?: string | undefined;
}

const CORRELATION_ENTRY = 'aion.correlation_id';
const TENANT_ENTRY = 'aion.tenant_id';
const IDS_KEY = createContextKey('aion.ids');
const NO_IDS: RequestIds = {};
const VALID_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Whether an id from outside may be logged and echoed: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. */
export function isValidId(value: unknown): value is string {
  return typeof value === 'string' && VALID_ID.test(value);
}

/** A context that carries the given ids beside those of its base; what is not a valid id is left out. */
export function contextWithIds(base: Context, ids: RequestIds): Context {
  const { correlationId, tenantId, requestId } = idsOf(base);
  return new LinkedContext(base, IDS_KEY, {
    correlationId: isValidId(ids.correlationId) ? ids.correlationId : correlationId,
    tenantId: isValidId(ids.tenantId) ? ids.tenantId : tenantId,
    requestId: isValidId(ids.requestId) ? ids.requestId : requestId,
  });
}

/** Runs a function in a context with the given ids. */
export function runWithIds<T>(ids: RequestIds, run: () => T): T {
  return context.with(contextWithIds(context.active(), ids), run);
}

/** The ids of the active context. */
export function activeIds(from: Context = context.active()): RequestIds {
  return idsOf(from);
}

function idsOf(from: Context): RequestIds {
  // Nothing but `contextWithIds` has the key.
  return (from.getValue(IDS_KEY) as RequestIds | undefined) ?? NO_IDS;
}

/** The ids that go to the next process, as W3C Baggage; undefined when there is none. Their characters need no escape. */
export function toBaggage({ correlationId, tenantId }: RequestIds): string | undefined {
  const correlation = correlationId === undefined ? undefined : `${CORRELATION_ENTRY}=${correlationId}`;
  if (tenantId === undefined) return correlation;
  const tenant = `${TENANT_ENTRY}=${tenantId}`;
  return correlation === undefined ? tenant : `${correlation},${tenant}`;
}

/** The ids that a W3C Baggage header brings; an id that arrived malformed is left out. */
export function fromBaggage(header: string): RequestIds {
  const entries = new Map<string, string>();
  for (const member of header.split(',')) {
    const [entry = ''] = member.split(';', 1);
    const equals = entry.indexOf('=');
    if (equals !== -1) entries.set(entry.slice(0, equals).trim(), entry.slice(equals + 1).trim());
  }
  // What is not valid is left out where the ids are put into a context.
  return { correlationId: entries.get(CORRELATION_ENTRY), tenantId: entries.get(TENANT_ENTRY) };
}

/** Trace and span id (hex) of the active span, or undefined outside of any. */
export function activeSpanIds(from: Context = context.active()): { traceId: string; spanId: string } | undefined {
  const span = trace.getSpanContext(from);
  return span === undefined ? undefined : { traceId: span.traceId, spanId: span.spanId };
}
