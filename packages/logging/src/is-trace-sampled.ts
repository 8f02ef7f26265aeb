/**
 * Reports whether the INFO and DEBUG records of a trace are logged at a ratio of 0 to 1. The decision depends on the
 * trace id alone, so all records of a trace in all services are logged or dropped together. The id is folded as in
 * OpenTelemetry's TraceIdRatioBasedSampler: if the ratio of logs is not below the ratio of traces, every trace that is
 * sampled here has its records.
 */
export function isTraceSampled(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  let folded = 0;
  for (let at = 0; at < traceId.length; at += 8) folded ^= Number.parseInt(traceId.slice(at, at + 8), 16);
  return folded >>> 0 < Math.floor(ratio * 0xffffffff);
}
