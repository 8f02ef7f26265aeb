/**
 * Whether the INFO and DEBUG lines of a trace are kept at a ratio of 0 to 1. It follows from the trace id alone, so all
 * lines of a trace in all services share one fate. It folds the id as OpenTelemetry's TraceIdRatioBasedSampler does:
 * where the ratio of the logs is not below that of the traces, each trace that starts recorded here has its lines.
 */
export function keepTrace(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  let folded = 0;
  for (let at = 0; at < traceId.length; at += 8) folded ^= Number.parseInt(traceId.slice(at, at + 8), 16);
  return folded >>> 0 < Math.floor(ratio * 0xffffffff);
}
