import { trace, TraceFlags } from '@opentelemetry/api';

/** The trace of the active span when it is sampled: one that can be looked up. */
export function currentTraceId(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? span.traceId : undefined;
}
