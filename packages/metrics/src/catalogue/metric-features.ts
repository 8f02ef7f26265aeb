import { TELEMETRY_SUBJECTS, type TelemetrySubject } from '@aion/config';
import type { MetricDeclaration } from './metric-declaration.ts';

/** A switch of metrics, as `aion_feature_enabled` calls it. */
export type MetricFeature = 'metrics' | 'metrics_genai' | `metrics_${TelemetrySubject}`;

/** Which metrics a process has. */
export interface FeatureOptions {
  /** What is measured; everything by default. */
  readonly subjects?: readonly TelemetrySubject[];
  /** Whether inference is also shown under the names of OpenTelemetry. Default false. */
  readonly genAi?: boolean;
}

/** All switches of metrics. */
export const METRIC_FEATURES: readonly MetricFeature[] = [
  'metrics',
  ...TELEMETRY_SUBJECTS.map(ofSubject),
  'metrics_genai',
];

/** Which switches are on in a process whose metrics are. */
export function decideFeatures({
  subjects = TELEMETRY_SUBJECTS,
  genAi = false,
}: FeatureOptions): Readonly<Record<MetricFeature, boolean>> {
  const isOn = (subject: TelemetrySubject) => subjects.includes(subject);
  return {
    metrics: true,
    metrics_http: isOn('http'),
    metrics_db: isOn('db'),
    metrics_ai: isOn('ai'),
    metrics_queue: isOn('queue'),
    metrics_genai: genAi && isOn('ai'),
  };
}

/** The switches all of which must be on for a metric to exist. */
export function featuresNeededBy({ subject, optIn }: MetricDeclaration): readonly MetricFeature[] {
  return [
    ...(subject === undefined ? [] : [ofSubject(subject)]),
    ...(optIn === undefined ? [] : [`metrics_${optIn}` as const]),
  ];
}

function ofSubject(subject: TelemetrySubject): MetricFeature {
  return `metrics_${subject}`;
}
