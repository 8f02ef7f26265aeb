import type { TelemetrySubject } from '@aion/config';
import type { BoundedSetName } from './bounded-sets.ts';

/** Types of instruments. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** Units of metric values. */
export type MetricUnit = 'seconds' | 'bytes' | 'ratio' | 'usd' | 'cores' | 'timestamp' | 'count' | 'flag';

/** Services that emit metrics. */
export const SERVICES = ['web-api', 'ai-engine', 'database-gateway', 'data-export'] as const;
/** One of `SERVICES`. */
export type EmittingService = (typeof SERVICES)[number];

/** Allowed values of a label: a list, or a set that is bounded at run time. */
export type LabelValues = readonly string[] | BoundedSetName;

/** Declaration of a metric. */
export interface MetricDeclaration {
  readonly type: MetricType;
  /** One sentence that explains a value of this metric. */
  readonly help: string;
  readonly unit: MetricUnit;
  /** Subject in `AION_METRICS_SUBJECTS` that enables the metric; undefined if it exists whenever metrics are enabled. */
  readonly subject?: TelemetrySubject;
  /** Feature flag of metrics that are disabled by default: `genai` is `AION_METRICS_GENAI`. */
  readonly optIn?: 'genai';
  /** Labels with their closed sets of values. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** Explanations of label values that are not self-explanatory. */
  readonly meanings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Upper bounds of buckets; they must include the thresholds of alerts. */
  readonly buckets?: readonly number[];
  readonly emittedBy: readonly EmittingService[];
}
