import type { Labels } from './label-guard.ts';

/** Trace of an observation in a bucket (OpenMetrics 1.0, Exemplars). */
export interface Exemplar {
  readonly labelSet: Labels;
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

/** Sample in the format of prom-client's registry. */
export interface RegistrySample {
  readonly labels: Labels;
  value: number;
  /** Default: the name of the metric. */
  readonly metricName?: string;
  /** Labels of all samples of a series; prom-client caches their text by object. */
  readonly sharedLabels?: Labels;
  readonly exemplar?: Exemplar | undefined;
}
