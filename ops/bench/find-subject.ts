import type { CreateSubject, Subject } from './subject.ts';
import type { AionAppOptions } from './subjects/aion-app.ts';

/** Returns the factory of a subject. @throws Error for an unknown name */
export function findSubject(name: string): CreateSubject {
  const create = FACTORIES[name];
  if (create === undefined) throw new Error(`Unknown subject ${name}.`);
  return create;
}

// Each module is loaded only in the process that needs it: instrumentation must be registered before express is loaded,
// and the modules of one subject must not slow down another.
const metrics = () => import('./subjects/metrics.ts');
const logs = () => import('./subjects/log-lines.ts');
const instrumented = () => import('./subjects/instrumented-express.ts');

const aionApp =
  (options: Omit<AionAppOptions, 'otlpEndpoint'>) =>
  async (otlpEndpoint: string): Promise<Subject> =>
    (await import('./subjects/aion-app.ts')).createAionApp({ ...options, otlpEndpoint });
const scrapes = (owner: 'createAionScrape' | 'createPromClientScrape', series: number) => async (): Promise<Subject> =>
  (await import('./subjects/scrapes.ts'))[owner](series);

/** Factories of subjects by name. */
const FACTORIES: Readonly<Record<string, CreateSubject>> = {
  'load-generator': async () => (await import('./subjects/load-generator.ts')).createLoadGenerator(),
  'metric.counter.aion': async () => (await metrics()).createAionMetricCounter(),
  'metric.counter.prom_client': async () => (await metrics()).createPromClientMetricCounter(),
  'metric.gauge.aion': async () => (await metrics()).createAionMetricGauge(),
  'metric.gauge.prom_client': async () => (await metrics()).createPromClientMetricGauge(),
  'metric.histogram.aion': async () => (await metrics()).createAionMetricHistogram(),
  'metric.histogram.prom_client': async () => (await metrics()).createPromClientMetricHistogram(),
  'metric.histogram_exemplar.aion': async () => (await metrics()).createAionMetricHistogramWithExemplar(),
  'metric.histogram_exemplar.prom_client': async () => (await metrics()).createPromClientMetricHistogramWithExemplar(),
  'log.line.aion': async () => (await logs()).createAionLogLine(),
  'log.line.winston': async () => (await logs()).createWinstonLogLine(),
  'log.line.pino': async () => (await logs()).createPinoLogLine(),
  'log.suppressed.aion': async () => (await logs()).createAionSuppressedLogLine(),
  'log.suppressed.winston': async () => (await logs()).createWinstonSuppressedLogLine(),
  'log.suppressed.pino': async () => (await logs()).createPinoSuppressedLogLine(),
  'log.redacted.aion': async () => (await logs()).createAionRedactedLogLine(),
  'log.redacted.winston': async () => (await logs()).createWinstonSecretLogLine(),
  'log.redacted.pino': async () => (await logs()).createPinoRedactedLogLine(),
  'scrape.500.aion': scrapes('createAionScrape', 500),
  'scrape.500.prom_client': scrapes('createPromClientScrape', 500),
  'scrape.1000.aion': scrapes('createAionScrape', 1_000),
  'scrape.1000.prom_client': scrapes('createPromClientScrape', 1_000),
  'scrape.5000.aion': scrapes('createAionScrape', 5_000),
  'scrape.5000.prom_client': scrapes('createPromClientScrape', 5_000),
  'http.express': async () => (await import('./subjects/bare-express.ts')).createBareExpress(),
  'http.aion_off': aionApp({ metrics: false, sampleRatio: undefined, lineRatio: undefined }),
  'http.aion_subjects_off': aionApp({ metrics: true, sampleRatio: 1, lineRatio: undefined, subjects: false }),
  'http.aion_metrics': aionApp({ metrics: true, sampleRatio: undefined, lineRatio: undefined }),
  'http.aion_metrics_tracing_0': aionApp({ metrics: true, sampleRatio: 0, lineRatio: undefined }),
  'http.aion_metrics_tracing_10': aionApp({ metrics: true, sampleRatio: 0.1, lineRatio: undefined }),
  'http.aion_metrics_tracing_100': aionApp({ metrics: true, sampleRatio: 1, lineRatio: undefined }),
  'http.aion_everything_10': aionApp({ metrics: true, sampleRatio: 0.1, lineRatio: 1 }),
  'http.aion_everything_10_lines_10': aionApp({ metrics: true, sampleRatio: 0.1, lineRatio: 0.1 }),
  'http.express_prom_bundle': async () => (await import('./subjects/express-prom-bundle.ts')).createExpressPromBundle(),
  'http.otel_http_express_10': async (endpoint) => (await instrumented()).createHttpInstrumentedExpress(endpoint),
  'http.otel_auto_10': async (endpoint) => (await instrumented()).createAutoInstrumentedExpress(endpoint),
};
