import { TraceFlags, trace } from '@opentelemetry/api';

/** Returns the id of the active trace if it is sampled; an exemplar may then refer to it. */
export function sampledTraceId(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active !== undefined && (active.traceFlags & TraceFlags.SAMPLED) !== 0 ? active.traceId : undefined;
}
