import type { TracingOptions } from '@aion/tracing';

/** Whether a process with these options may record a span: it starts some, or it follows callers that did. */
export function recordsSpans({ enabled, parentBased, sampleRatio, routeRatios }: TracingOptions): boolean {
  const starts = sampleRatio > 0 || [...(routeRatios?.values() ?? [])].some((ratio) => ratio > 0);
  return enabled && (parentBased !== false || starts);
}
