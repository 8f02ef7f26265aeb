import type { TraceCarrier } from '@aion/tracing';

/** Data of a job as it is stored in the backend. */
export interface JobEnvelope {
  readonly v: 1;
  /** Trace context and baggage (correlation id, tenant) of the producer. */
  readonly carrier: TraceCarrier;
  readonly payload: unknown;
}

const CARRIER_FIELDS = ['traceparent', 'tracestate', 'baggage'] as const;
/** Limit of W3C Baggage: a propagator carries up to 8 192 bytes. */
const MAX_CARRIER_FIELD_CHARS = 8_192;

/**
 * Parses the data of a job. Omits invalid fields of the carrier, because tracing must not stop work.
 *
 * @throws Error when the data is not an envelope of a known version.
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
