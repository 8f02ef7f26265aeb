import type { Labels } from './label-guard.ts';

/** A trace in which a value of a bucket was observed (OpenMetrics 1.0, Exemplars). */
export interface Exemplar {
  readonly labelSet: Labels;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/** One line of an exposition, as prom-client's registry takes it. */
export interface Sample {
  readonly labels: Labels;
  value: number;
  /** The metric's own name by default. */
  readonly metricName?: string;
  /** Labels of all lines of one series: prom-client writes them once an object. */
  readonly sharedLabels?: Labels;
  readonly exemplar?: Exemplar | undefined;
}
