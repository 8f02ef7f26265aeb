import { TELEMETRY_SUBJECTS, type TelemetrySubject } from '@aion/config';
import type { MetricDeclaration } from './metric-declaration.ts';

/** Feature flag of metrics, as named in `aion_feature_enabled`. */
export type MetricFeatureFlag = 'metrics' | 'metrics_genai' | `metrics_${TelemetrySubject}`;

/** Options that determine the feature flags of metrics. */
export interface FeatureFlagOptions {
  /** Enabled subjects. Default: all. */
  readonly subjects?: readonly TelemetrySubject[];
  /** Also exposes inference metrics under OpenTelemetry's names. Default false. */
  readonly genAi?: boolean;
}

/** All feature flags of metrics. */
export const METRIC_FEATURE_FLAGS: readonly MetricFeatureFlag[] = [
  'metrics',
  ...TELEMETRY_SUBJECTS.map(toFeatureFlag),
  'metrics_genai',
];

/** Resolves the feature flags of a process whose metrics are enabled. */
export function resolveFeatureFlags({
  subjects = TELEMETRY_SUBJECTS,
  genAi = false,
}: FeatureFlagOptions): Readonly<Record<MetricFeatureFlag, boolean>> {
  const isEnabled = (subject: TelemetrySubject) => subjects.includes(subject);
  return {
    metrics: true,
    metrics_http: isEnabled('http'),
    metrics_db: isEnabled('db'),
    metrics_ai: isEnabled('ai'),
    metrics_queue: isEnabled('queue'),
    metrics_genai: genAi && isEnabled('ai'),
  };
}

/** Returns the feature flags that must all be enabled for a metric to exist. */
export function requiredFeatureFlags({ subject, optIn }: MetricDeclaration): readonly MetricFeatureFlag[] {
  return [
    ...(subject === undefined ? [] : [toFeatureFlag(subject)]),
    ...(optIn === undefined ? [] : [`metrics_${optIn}` as const]),
  ];
}

function toFeatureFlag(subject: TelemetrySubject): MetricFeatureFlag {
  return `metrics_${subject}`;
}
