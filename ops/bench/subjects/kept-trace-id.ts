import { TraceFlags, trace } from '@opentelemetry/api';

/** The active trace, when it is kept: what an exemplar may point at. */
export function keptTraceId(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active !== undefined && (active.traceFlags & TraceFlags.SAMPLED) !== 0 ? active.traceId : undefined;
}
