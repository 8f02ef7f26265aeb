import { Registry, type OpenMetricsContentType } from 'prom-client';

/** Exposition formats: Prometheus' text format 0.0.4, and OpenMetrics 1.0, which supports exemplars. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** Response to a scrape. */
export interface RenderedExposition {
  readonly contentType: string;
  readonly body: string;
}

/** Registry whose metrics may have exemplars, which prom-client supports in OpenMetrics registries only. */
export type MetricRegistry = Registry<OpenMetricsContentType>;

/** Creates an empty registry. */
export function createRegistry(): MetricRegistry {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/** Renders a registry in the given format. */
export async function renderExposition(
  registry: MetricRegistry,
  format: ExpositionFormat,
): Promise<RenderedExposition> {
  const view = addViews(registry, format === 'openmetrics' ? createRegistry() : new Registry());
  return { contentType: view.contentType, body: await view.metrics() };
}

/**
 * Selects the format that a scraper prefers by its `Accept` header (RFC 9110, 12.5.1), text by default. Parameters other
 * than `q` are ignored, such as those for escaping that Prometheus sends.
 */
export function negotiateExposition(accept: string | undefined): ExpositionFormat {
  const weights = new Map<string, number>();
  for (const entry of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    weights.set(type, Math.max(weights.get(type) ?? 0, Number.isNaN(weight) ? 0 : weight));
  }
  const openMetrics = weights.get('application/openmetrics-text') ?? 0;
  const text = weights.get('text/plain') ?? weights.get('text/*') ?? weights.get('*/*') ?? 0;
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text';
}

/**
 * Registers views of the metrics in another registry. prom-client renames counters when it renders OpenMetrics, and would
 * keep the short names in later text expositions: with views only the views are renamed.
 */
function addViews<T extends Pick<Registry, 'registerMetric'>>(registry: MetricRegistry, view: T): T {
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name);
    if (metric === undefined) continue;
    // `Object.create` is untyped; the view inherits all properties except the name.
    view.registerMetric(Object.create(metric) as typeof metric);
  }
  return view;
}
