export { CATALOGUE, type LabelsOf, type MetricName } from './catalogue.ts';
export type { MetricDeclaration, MetricType } from './catalogue/metric-declaration.ts';
export {
  createMetrics,
  type Counter,
  type Gauge,
  type Histogram,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
