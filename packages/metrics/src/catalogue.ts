import { AUDIT_METRICS } from './catalogue/audit-metrics.ts';
import { DATABASE_METRICS } from './catalogue/database-metrics.ts';
import { ENCRYPTION_METRICS } from './catalogue/encryption-metrics.ts';
import { GEN_AI_METRICS } from './catalogue/gen-ai-metrics.ts';
import { HTTP_METRICS } from './catalogue/http-metrics.ts';
import { INFERENCE_METRICS } from './catalogue/inference-metrics.ts';
import type { MetricType } from './catalogue/metric-declaration.ts';
import { PROCESS_METRICS } from './catalogue/process-metrics.ts';
import { QUEUE_METRICS } from './catalogue/queue-metrics.ts';
import { SCHEMA_METRICS } from './catalogue/schema-metrics.ts';
import { USAGE_METRICS } from './catalogue/usage-metrics.ts';

/**
 * All metrics of AION. Labels contain values of closed sets only: never an id, a tenant, a key, a raw URL or a raw model
 * name.
 */
export const CATALOGUE = {
  ...HTTP_METRICS,
  ...DATABASE_METRICS,
  ...SCHEMA_METRICS,
  ...USAGE_METRICS,
  ...AUDIT_METRICS,
  ...ENCRYPTION_METRICS,
  ...INFERENCE_METRICS,
  ...GEN_AI_METRICS,
  ...QUEUE_METRICS,
  ...PROCESS_METRICS,
} as const;

/** Type of the catalogue. */
export type Catalogue = typeof CATALOGUE;
/** Names of the metrics of one type. */
export type MetricName<T extends MetricType> = {
  [N in keyof Catalogue]: Catalogue[N]['type'] extends T ? N : never;
}[keyof Catalogue];
/** Labels of a metric; all are required. */
export type LabelsOf<N extends keyof Catalogue> = Readonly<
  Record<Extract<keyof Catalogue[N]['labels'], string>, string>
>;
