import { TELEMETRY_SUBJECTS } from '@aion/config';
import type { Metrics } from '@aion/metrics';
import type { TracingOptions } from '@aion/tracing';

/** What of a process is switched on, by the names of `aion_feature_enabled`. */
export type Switches = Readonly<Record<string, boolean>>;

/** Shows which switches of tracing are on; metrics show their own. Gives those of both. */
export function reportTracingFeatures(metrics: Metrics, options: TracingOptions): Switches {
  const { subjects = TELEMETRY_SUBJECTS } = options;
  const enabled = metrics.gauge('aion_feature_enabled');
  const isOn = recordsSpans(options);
  const tracing = switchesOf('tracing', isOn, (subject) => subjects.includes(subject));
  for (const [feature, on] of Object.entries(tracing)) enabled.set({ feature }, on ? 1 : 0);
  return { ...switchesOf('metrics', metrics.enabled, (subject) => metrics.subjects.has(subject)), ...tracing };
}

/** The switch of a signal, and those of its subjects, which are off while it is. */
function switchesOf(
  signal: 'metrics' | 'tracing',
  isOn: boolean,
  has: (subject: (typeof TELEMETRY_SUBJECTS)[number]) => boolean,
): Switches {
  const ofSubjects = TELEMETRY_SUBJECTS.map((subject) => [`${signal}_${subject}`, isOn && has(subject)] as const);
  return { [signal]: isOn, ...Object.fromEntries(ofSubjects) };
}

/** Whether a process may record a span: it starts some traces, or it follows callers that did. */
function recordsSpans({ enabled, parentBased, sampleRatio, routeRatios }: TracingOptions): boolean {
  const starts = sampleRatio > 0 || [...(routeRatios?.values() ?? [])].some((ratio) => ratio > 0);
  return enabled && (parentBased !== false || starts);
}
