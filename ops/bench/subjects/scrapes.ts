import { createMetrics } from '@aion/metrics';
import { Counter, Histogram, Registry } from 'prom-client';
import { median } from '../bench-result.ts';
import type { Subject } from '../subject.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** The buckets, `+Inf`, sum and count. */
const SERIES_PER_HISTOGRAM = BUCKETS.length + 3;

interface Exposed {
  readonly scrape: () => Promise<string>;
  readonly count: (path: string) => void;
  readonly observe: (path: string) => void;
}

/** The exposition of AION's metrics at a number of series: its own at the start, then requests on many routes. */
export async function createAionScrape(series: number): Promise<Subject> {
  const metrics = createMetrics({ service: 'bench', version: '0.0.0', enabled: true });
  const counter = metrics.counter('http_requests_total');
  const histogram = metrics.histogram('http_request_duration_seconds');
  return createScrape(series, {
    scrape: async () => (await metrics.exposition()).body,
    count: (path) => counter.inc({ method: 'GET', path, status: '404' }),
    observe: (path) => histogram.observe({ method: 'GET', path, status: '200' }, 0.3),
  });
}

/** The exposition of a bare registry of prom-client at the same number of series. */
export async function createPromScrape(series: number): Promise<Subject> {
  const registers = [new Registry()];
  const labelNames = ['method', 'path', 'status'];
  const counter = new Counter({ name: 'requests_total', help: 'Requests.', labelNames, registers });
  const histogram = new Histogram({ name: 'seconds', help: 'Time.', labelNames, registers, buckets: BUCKETS });
  return createScrape(series, {
    scrape: async () => (await registers[0]?.metrics()) ?? '',
    count: (path) => counter.inc({ method: 'GET', path, status: '404' }),
    observe: (path) => histogram.observe({ method: 'GET', path, status: '200' }, 0.3),
  });
}

async function createScrape(series: number, { scrape, count, observe }: Exposed): Promise<Subject> {
  const missing = series - countSeries(await scrape());
  if (missing < 0) throw new Error(`There are ${-missing} series more than ${series} at the start.`);
  for (let i = 0; i < Math.floor(missing / SERIES_PER_HISTOGRAM); i += 1) observe(`/bench/h${i}`);
  for (let i = 0; i < missing % SERIES_PER_HISTOGRAM; i += 1) count(`/bench/c${i}`);
  const made = countSeries(await scrape());
  if (Math.abs(made - series) > series / 50) throw new Error(`There are ${made} series instead of ${series}.`);
  return {
    measure: async (scrapes) => {
      const times: number[] = [];
      for (let i = 0; i < scrapes; i += 1) {
        const startedAt = performance.now();
        await scrape();
        times.push(performance.now() - startedAt);
      }
      return median(times);
    },
  };
}

function countSeries(body: string): number {
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
