export { CATALOGUE, type LabelsOf, type MetricName } from './catalogue.ts';
export { DATABASE_ERROR_CLASSES, type DatabaseErrorClass } from './catalogue/database-metrics.ts';
export { INPUT_TYPES, type InputType } from './catalogue/inference-metrics.ts';
export { BOUNDED_SETS, OTHER, type BoundedSet, type BoundedSetName } from './catalogue/bounded-sets.ts';
export {
  SERVICES,
  type EmittingService,
  type LabelValues,
  type MetricDeclaration,
  type MetricType,
  type MetricUnit,
} from './catalogue/metric-declaration.ts';
export { compareWithCatalogue, type CatalogueDifferences } from './compare-with-catalogue.ts';
export { negotiateExposition, type ExpositionFormat, type RenderedExposition } from './exposition.ts';
export {
  createMetrics,
  type Counter,
  type Gauge,
  type Histogram,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
export { parseExposition, type Exposition, type Sample } from './parse-exposition.ts';
