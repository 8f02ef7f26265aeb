import { context, createContextKey, trace, type Context } from '@opentelemetry/api';
import { LinkedContext } from './linked-context.ts';

/** Ids that all log lines and calls of one user action share. */
export interface RequestIds {
  /** Identifies a user action across all services and the queue. */
  readonly correlationId?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Identifies one request to one service; not propagated. */
  readonly requestId?: string | undefined;
}

const CORRELATION_ENTRY = 'aion.correlation_id';
const TENANT_ENTRY = 'aion.tenant_id';
const IDS_KEY = createContextKey('aion.ids');
const NO_IDS: RequestIds = {};
const VALID_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Reports whether a received id may be logged and returned: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. */
export function isValidId(value: unknown): value is string {
  return typeof value === 'string' && VALID_ID.test(value);
}

/** Returns a context with the given ids in addition to those of its base; invalid ids are ignored. */
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

/** Returns the ids of a context, by default the active one. */
export function activeIds(from: Context = context.active()): RequestIds {
  return idsOf(from);
}

function idsOf(from: Context): RequestIds {
  // Only `contextWithIds` sets this key.
  return (from.getValue(IDS_KEY) as RequestIds | undefined) ?? NO_IDS;
}

/** Formats the propagated ids as W3C Baggage, or undefined without ids. Their characters need no escaping. */
export function toBaggage({ correlationId, tenantId }: RequestIds): string | undefined {
  const correlation = correlationId === undefined ? undefined : `${CORRELATION_ENTRY}=${correlationId}`;
  if (tenantId === undefined) return correlation;
  const tenant = `${TENANT_ENTRY}=${tenantId}`;
  return correlation === undefined ? tenant : `${correlation},${tenant}`;
}

/** Parses ids from a W3C Baggage header. */
export function fromBaggage(header: string): RequestIds {
  const entries = new Map<string, string>();
  for (const member of header.split(',')) {
    const [entry = ''] = member.split(';', 1);
    const equals = entry.indexOf('=');
    if (equals !== -1) entries.set(entry.slice(0, equals).trim(), entry.slice(equals + 1).trim());
  }
  // `contextWithIds` ignores invalid ids.
  return { correlationId: entries.get(CORRELATION_ENTRY), tenantId: entries.get(TENANT_ENTRY) };
}

/** Returns the trace and span id (hex) of the active span, or undefined without one. */
export function activeSpanIds(from: Context = context.active()): { traceId: string; spanId: string } | undefined {
  const span = trace.getSpanContext(from);
  return span === undefined ? undefined : { traceId: span.traceId, spanId: span.spanId };
}
