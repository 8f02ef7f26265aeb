export { CATALOGUE, type LabelsOf, type MetricDeclaration, type MetricName, type MetricType } from './catalogue.ts';
export {
  createMetrics,
  type Counter,
  type Gauge,
  type Histogram,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
