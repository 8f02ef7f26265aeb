import { trace, TraceFlags } from '@opentelemetry/api';

/** Returns the trace id of the active span if it is sampled, so that the trace can be looked up. */
export function currentTraceId(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? span.traceId : undefined;
}
