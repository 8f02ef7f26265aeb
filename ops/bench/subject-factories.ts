import type { CreateSubject, Subject } from './subject.ts';
import type { AionAppOptions } from './subjects/aion-app.ts';

// Each module is loaded only in the process that needs it: instrumentation must be registered before express is loaded,
// and the modules of one subject must not slow down another.
const metrics = () => import('./subjects/metric-operations.ts');
const logs = () => import('./subjects/log-lines.ts');
const peers = () => import('./subjects/express-peers.ts');
const instrumented = () => import('./subjects/instrumented-express.ts');

const aionApp =
  (options: Omit<AionAppOptions, 'otlpEndpoint'>) =>
  async (otlpEndpoint: string): Promise<Subject> =>
    (await import('./subjects/aion-app.ts')).createAionApp({ ...options, otlpEndpoint });
const scrapes = (owner: 'createAionScrape' | 'createPromScrape', series: number) => async (): Promise<Subject> =>
  (await import('./subjects/scrapes.ts'))[owner](series);

/** Factories of subjects by name. */
const FACTORIES: Readonly<Record<string, CreateSubject>> = {
  'load-generator': async () => (await import('./subjects/load-generator.ts')).createLoadGenerator(),
  'metric.counter.aion': async () => (await metrics()).createAionCounter(),
  'metric.counter.prom_client': async () => (await metrics()).createPromCounter(),
  'metric.gauge.aion': async () => (await metrics()).createAionGauge(),
  'metric.gauge.prom_client': async () => (await metrics()).createPromGauge(),
  'metric.histogram.aion': async () => (await metrics()).createAionHistogram(),
  'metric.histogram.prom_client': async () => (await metrics()).createPromHistogram(),
  'metric.histogram_exemplar.aion': async () => (await metrics()).createAionHistogramWithExemplar(),
  'metric.histogram_exemplar.prom_client': async () => (await metrics()).createPromHistogramWithExemplar(),
  'log.line.aion': async () => (await logs()).createAionLine(),
  'log.line.winston': async () => (await logs()).createWinstonLine(),
  'log.line.pino': async () => (await logs()).createPinoLine(),
  'log.suppressed.aion': async () => (await logs()).createAionSuppressedLine(),
  'log.suppressed.winston': async () => (await logs()).createWinstonSuppressedLine(),
  'log.suppressed.pino': async () => (await logs()).createPinoSuppressedLine(),
  'log.redacted.aion': async () => (await logs()).createAionRedactedLine(),
  'log.redacted.winston': async () => (await logs()).createWinstonSecretLine(),
  'log.redacted.pino': async () => (await logs()).createPinoRedactedLine(),
  'scrape.500.aion': scrapes('createAionScrape', 500),
  'scrape.500.prom_client': scrapes('createPromScrape', 500),
  'scrape.1000.aion': scrapes('createAionScrape', 1_000),
  'scrape.1000.prom_client': scrapes('createPromScrape', 1_000),
  'scrape.5000.aion': scrapes('createAionScrape', 5_000),
  'scrape.5000.prom_client': scrapes('createPromScrape', 5_000),
  'http.express': async () => (await peers()).createBareExpress(),
  'http.aion_off': aionApp({ metrics: false, sampleRatio: undefined, lineRatio: undefined }),
  'http.aion_subjects_off': aionApp({ metrics: true, sampleRatio: 1, lineRatio: undefined, subjects: false }),
  'http.aion_metrics': aionApp({ metrics: true, sampleRatio: undefined, lineRatio: undefined }),
  'http.aion_metrics_tracing_0': aionApp({ metrics: true, sampleRatio: 0, lineRatio: undefined }),
  'http.aion_metrics_tracing_10': aionApp({ metrics: true, sampleRatio: 0.1, lineRatio: undefined }),
  'http.aion_metrics_tracing_100': aionApp({ metrics: true, sampleRatio: 1, lineRatio: undefined }),
  'http.aion_everything_10': aionApp({ metrics: true, sampleRatio: 0.1, lineRatio: 1 }),
  'http.aion_everything_10_lines_10': aionApp({ metrics: true, sampleRatio: 0.1, lineRatio: 0.1 }),
  'http.express_prom_bundle': async () => (await peers()).createExpressPromBundle(),
  'http.otel_http_express_10': async (endpoint) => (await instrumented()).createHttpInstrumented(endpoint),
  'http.otel_auto_10': async (endpoint) => (await instrumented()).createAutoInstrumented(endpoint),
};

/** Returns the factory of a subject. @throws Error for an unknown name */
export function findSubject(name: string): CreateSubject {
  const create = FACTORIES[name];
  if (create === undefined) throw new Error(`Unknown subject ${name}.`);
  return create;
}
