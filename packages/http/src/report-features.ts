import { TELEMETRY_SUBJECTS } from '@aion/config';
import type { Metrics } from '@aion/metrics';
import type { TracingOptions } from '@aion/tracing';

/** Shows which switches of tracing are on; metrics show their own. */
export function reportTracingFeatures(metrics: Metrics, options: TracingOptions): void {
  const { subjects = TELEMETRY_SUBJECTS } = options;
  const enabled = metrics.gauge('aion_feature_enabled');
  const isOn = recordsSpans(options);
  enabled.set({ feature: 'tracing' }, isOn ? 1 : 0);
  for (const subject of TELEMETRY_SUBJECTS) {
    enabled.set({ feature: `tracing_${subject}` }, isOn && subjects.includes(subject) ? 1 : 0);
  }
}

/** Whether a process may record a span: it starts some traces, or it follows callers that did. */
function recordsSpans({ enabled, parentBased, sampleRatio, routeRatios }: TracingOptions): boolean {
  const starts = sampleRatio > 0 || [...(routeRatios?.values() ?? [])].some((ratio) => ratio > 0);
  return enabled && (parentBased !== false || starts);
}
