import { TELEMETRY_SUBJECTS } from '@aion/config';
import type { Metrics } from '@aion/metrics';
import type { TracingOptions } from '@aion/tracing';

/** Feature flags of a process, by the names of the metric `aion_feature_enabled`. */
export type FeatureFlags = Readonly<Record<string, boolean>>;

/** Exposes the feature flags of tracing as metrics, and returns them with those of metrics, which are exposed already. */
export function exposeFeatureFlags(metrics: Metrics, options: TracingOptions): FeatureFlags {
  const { subjects = TELEMETRY_SUBJECTS } = options;
  const enabled = metrics.gauge('aion_feature_enabled');
  const isOn = recordsSpans(options);
  const tracing = toFeatureFlags('tracing', isOn, (subject) => subjects.includes(subject));
  for (const [feature, on] of Object.entries(tracing)) enabled.set({ feature }, on ? 1 : 0);
  return { ...toFeatureFlags('metrics', metrics.enabled, (subject) => metrics.subjects.has(subject)), ...tracing };
}

/** Returns the flag of a signal and those of its subjects, which are off when the signal is off. */
function toFeatureFlags(
  signal: 'metrics' | 'tracing',
  isOn: boolean,
  has: (subject: (typeof TELEMETRY_SUBJECTS)[number]) => boolean,
): FeatureFlags {
  const ofSubjects = TELEMETRY_SUBJECTS.map((subject) => [`${signal}_${subject}`, isOn && has(subject)] as const);
  return { [signal]: isOn, ...Object.fromEntries(ofSubjects) };
}

/** Returns true if a process may record a span: it samples some traces, or follows the decision of its callers. */
function recordsSpans({ enabled, parentBased, sampleRatio, routeRatios }: TracingOptions): boolean {
  const starts = sampleRatio > 0 || [...(routeRatios?.values() ?? [])].some((ratio) => ratio > 0);
  return enabled && (parentBased !== false || starts);
}
