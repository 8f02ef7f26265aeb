import type { TelemetrySubject } from '@aion/config';
import type { BoundedSetName } from './label-sets.ts';

/** The types of instruments. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What a number of a metric counts or measures. */
export type MetricUnit = 'seconds' | 'bytes' | 'ratio' | 'usd' | 'cores' | 'timestamp' | 'count' | 'flag';

/** The processes that emit metrics. */
export const SERVICES = ['web-api', 'ai-engine', 'database-gateway', 'data-export'] as const;
/** One of `SERVICES`. */
export type EmittingService = (typeof SERVICES)[number];

/** What a label may hold: one of a list of values, or a value of a set that the running process bounds. */
export type LabelValues = readonly string[] | BoundedSetName;

/** One metric: what it is before anything emits it. */
export interface MetricDeclaration {
  readonly type: MetricType;
  /** One sentence: what a number of this metric means. */
  readonly help: string;
  readonly unit: MetricUnit;
  /** Which switch of `AION_METRICS_SUBJECTS` it obeys; undefined for what exists as long as metrics are on. */
  readonly subject?: TelemetrySubject;
  /** Set for metrics that do not exist unless their own switch is on: `genai` is `AION_METRICS_GENAI`. */
  readonly optIn?: 'genai';
  /** Each label with its closed set. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** What the values of a label mean, where their names do not say it. */
  readonly meanings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Upper bounds; thresholds of alerts must be among them. */
  readonly buckets?: readonly number[];
  readonly emittedBy: readonly EmittingService[];
}
