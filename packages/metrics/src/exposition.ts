import { Registry, type OpenMetricsContentType } from 'prom-client';

/** The formats of an exposition: Prometheus' text 0.0.4, and OpenMetrics 1.0, which has exemplars. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** What a scrape is answered with. */
export interface RenderedExposition {
  readonly contentType: string;
  readonly body: string;
}

/** A registry whose metrics may have exemplars, which prom-client allows in those of OpenMetrics only. */
export type MetricRegistry = Registry<OpenMetricsContentType>;

/** Creates an empty registry. */
export function createRegistry(): MetricRegistry {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/** Renders a registry. */
export async function renderExposition(
  registry: MetricRegistry,
  format: ExpositionFormat,
): Promise<RenderedExposition> {
  const view = viewOf(registry, format === 'openmetrics' ? createRegistry() : new Registry());
  return { contentType: view.contentType, body: await view.metrics() };
}

/**
 * Fills a registry with views of the metrics. prom-client renames counters when it renders OpenMetrics, and would show
 * them under the short names in the text format ever after: only the views are renamed.
 */
function viewOf<T extends Pick<Registry, 'registerMetric'>>(registry: MetricRegistry, view: T): T {
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name);
    if (metric === undefined) continue;
    // `Object.create` forgets the type of the prototype, which every property but the name comes from.
    view.registerMetric(Object.create(metric) as typeof metric);
  }
  return view;
}

/**
 * Chooses the format that a scraper prefers by its `Accept` header (RFC 9110, 12.5.1); text when it has no preference.
 * Parameters but `q` are ignored: Prometheus sends some that are about escaping.
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
