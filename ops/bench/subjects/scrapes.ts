import { createMetrics } from '@aion/metrics';
import { Counter, Histogram, Registry, type OpenMetricsContentType } from 'prom-client';
import { measureMedianMs } from '../measure-median-ms.ts';
import type { Subject } from '../subject.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** The buckets, `+Inf`, sum and count. */
const SERIES_PER_HISTOGRAM = BUCKETS.length + 3;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const STATUSES = ['200', '201', '202', '204', '206'] as const;

/** Creates a subject that renders the exposition of AION's metrics with a number of series: its initial ones, then requests on many routes. */
export async function createAionScrape(series: number): Promise<Subject> {
  const metrics = createMetrics({ service: 'bench', version: '0.0.0', enabled: true });
  const counter = metrics.counter('http_requests_total');
  const histogram = metrics.histogram('http_request_duration_seconds');
  return createScrape(series, {
    // The format that Prometheus requests.
    scrape: async () => (await metrics.exposition('openmetrics')).body,
    count: (labels) => counter.inc(labels),
    observe: (labels) => histogram.observe(labels, 0.3),
  });
}

/** Creates a subject that renders the exposition of a plain prom-client registry with the same number of series. */
export async function createPromClientScrape(series: number): Promise<Subject> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry];
  const labelNames = ['method', 'path', 'status'];
  const counter = new Counter({ name: 'requests_total', help: 'Requests.', labelNames, registers });
  const histogram = new Histogram({ name: 'seconds', help: 'Time.', labelNames, registers, buckets: BUCKETS });
  return createScrape(series, {
    scrape: () => registry.metrics(),
    count: (labels) => counter.inc(labels),
    observe: (labels) => histogram.observe(labels, 0.3),
  });
}

/** Metrics of a library with their exposition. */
interface Exposition {
  readonly scrape: () => Promise<string>;
  readonly count: (labels: SeriesLabels) => void;
  readonly observe: (labels: SeriesLabels) => void;
}

async function createScrape(series: number, { scrape, count, observe }: Exposition): Promise<Subject> {
  const missing = series - countSeries(await scrape());
  if (missing < 0) throw new Error(`The exposition starts with ${-missing} series more than ${series}.`);
  for (let i = 0; i < Math.floor(missing / SERIES_PER_HISTOGRAM); i += 1) observe(labelsOf(i));
  for (let i = 0; i < missing % SERIES_PER_HISTOGRAM; i += 1) count(labelsOf(i));
  const created = countSeries(await scrape());
  if (Math.abs(created - series) > series / 50)
    throw new Error(`The exposition has ${created} series instead of ${series}.`);
  return { measure: (scrapes) => measureMedianMs(scrapes, scrape) };
}

function countSeries(body: string): number {
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

type SeriesLabels = ReturnType<typeof labelsOf>;

/** Returns label sets within the limits of an AION process: 200 routes, and statuses that the duration histogram also has. */
function labelsOf(index: number) {
  return {
    method: METHODS[index % METHODS.length] ?? 'GET',
    status: STATUSES[Math.floor(index / METHODS.length) % STATUSES.length] ?? '200',
    path: `/bench/route-${Math.floor(index / (METHODS.length * STATUSES.length))}`,
  };
}
