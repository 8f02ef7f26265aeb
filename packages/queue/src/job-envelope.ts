import type { TraceCarrier } from '@aion/tracing';

/** What is stored as the data of a job. */
export interface JobEnvelope {
  readonly v: 1;
  /** The producer's trace context and baggage (correlation id, tenant). */
  readonly carrier: TraceCarrier;
  readonly payload: unknown;
}

const CARRIER_FIELDS = ['traceparent', 'tracestate', 'baggage'] as const;
/** W3C Baggage, limits: a propagator keeps up to 8 192 bytes. */
const MAX_CARRIER_FIELD_CHARS = 8_192;

/**
 * The envelope in a job's data; whatever is wrong with the carrier is left out, for tracing must not stop work.
 *
 * @throws Error when the data is no envelope of a known version.
 */
export function parseJobEnvelope(data: unknown): JobEnvelope {
  if (!isRecord(data) || data['v'] !== 1 || !('payload' in data)) {
    throw new Error('the data of the job is not an envelope of version 1');
  }
  const stored = isRecord(data['carrier']) ? data['carrier'] : {};
  const carrier: Record<string, string> = {};
  for (const field of CARRIER_FIELDS) {
    const value = stored[field];
    if (typeof value === 'string' && value.length <= MAX_CARRIER_FIELD_CHARS) carrier[field] = value;
  }
  return { v: 1, carrier, payload: data['payload'] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
