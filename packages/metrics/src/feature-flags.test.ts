import { TELEMETRY_SUBJECTS, type TelemetrySubject } from '@aion/config';
import {
  CATALOGUE,
  compareWithCatalogue,
  createMetrics,
  parseExposition,
  type MetricDeclaration,
  type MetricName,
  type Metrics,
  type MetricsOptions,
} from './index.ts';
import type { Labels } from './label-guard.ts';

const options: MetricsOptions = { service: 'test', version: '1.0.0', enabled: true };
const declarations: readonly (readonly [string, MetricDeclaration])[] = Object.entries(CATALOGUE);
/** Metrics of feature flags, and metrics that differ between processes. */
const PROCESS_METRIC = /^(process_|nodejs_|aion_event_loop_|aion_feature_enabled)/;

/** Instruments of any metric, for generated labels. */
interface AnyInstruments {
  counter(name: MetricName<'counter'>): { inc(labels: Labels): void };
  gauge(name: MetricName<'gauge'>): { set(labels: Labels, value: number): void };
  histogram(name: MetricName<'histogram'>): { observe(labels: Labels, value: number): void };
}

/** Records one value in each metric of the catalogue. */
function recordAll(metrics: AnyInstruments): void {
  for (const [name, { labels }] of declarations) {
    const values = Object.entries(labels).map(([label, set]) => [
      label,
      typeof set === 'string' ? 'other' : (set[0] ?? ''),
    ]);
    const given: Labels = Object.fromEntries(values);
    if (hasType(name, 'counter')) metrics.counter(name).inc(given);
    else if (hasType(name, 'gauge')) metrics.gauge(name).set(given, 1);
    else if (hasType(name, 'histogram')) metrics.histogram(name).observe(given, 1);
  }
}

function hasType<T extends 'counter' | 'gauge' | 'histogram'>(name: string, type: T): name is MetricName<T> {
  return new Map(declarations).get(name)?.type === type;
}

async function readLines(metrics: Metrics): Promise<readonly string[]> {
  const { body } = await metrics.exposition();
  return body.split('\n').filter((line) => line !== '' && !PROCESS_METRIC.test(line.replace(/^# \w+ /, '')));
}

async function recordLines(more: Partial<MetricsOptions>): Promise<readonly string[]> {
  const metrics = createMetrics({ ...options, ...more });
  recordAll(metrics);
  return readLines(metrics);
}

const hasSubject = (subject: TelemetrySubject) => (line: string) => {
  const name = /^(?:# \w+ )?(\w+)/.exec(line)?.[1] ?? '';
  return declarations.some(
    ([metric, declaration]) =>
      declaration.subject === subject && (name === metric || name.replace(/_(bucket|sum|count)$/, '') === metric),
  );
};

describe.each(TELEMETRY_SUBJECTS)('with subject %s disabled', (subject) => {
  const subjects = TELEMETRY_SUBJECTS.filter((other) => other !== subject);

  it('its series are absent and all others are unchanged', async () => {
    const all = await recordLines({ genAi: true });
    const left = await recordLines({ genAi: true, subjects });
    expect(all.filter(hasSubject(subject)).length).toBeGreaterThan(10);
    expect(left).toEqual(all.filter((line) => !hasSubject(subject)(line)));
  });

  it('its collectors do not run, and aion_feature_enabled reports it', async () => {
    const metrics = createMetrics({ ...options, subjects });
    const ran: string[] = [];
    for (const each of TELEMETRY_SUBJECTS) metrics.onCollect(() => ran.push(each), each);
    metrics.onCollect(() => ran.push('process'));
    const { samples } = parseExposition((await metrics.exposition()).body);
    expect(ran).toEqual([...subjects, 'process']);
    expect(metrics.subjects).toEqual(new Set(subjects));
    const features = samples.filter(({ name }) => name === 'aion_feature_enabled');
    const off = features.filter(({ value }) => value === 0).map(({ labels }) => labels['feature']);
    expect(off).toEqual([`metrics_${subject}`, 'metrics_genai']);
  });

  it('a service exposes none of its metrics, and the comparison with the catalogue accepts that', async () => {
    const metrics = createMetrics({ ...options, service: 'ai-engine', subjects });
    const lines = await readLines(metrics);
    expect(lines.filter(hasSubject(subject))).toEqual([]);
    const { missing, undeclared } = compareWithCatalogue({ 'ai-engine': (await metrics.exposition()).body });
    expect(missing.filter((entry) => hasSubject(subject)(entry.replace('ai-engine: ', '')))).toEqual([]);
    expect(undeclared).toEqual([]);
  });
});

describe('with all subjects disabled', () => {
  it('metrics of the process and its telemetry are still exposed', async () => {
    const lines = await recordLines({ subjects: [] });
    const names = new Set(lines.filter((line) => !line.startsWith('#')).map((line) => /^\w+/.exec(line)?.[0]));
    names.delete(undefined);
    const withoutSubject = declarations.filter(([, { subject }]) => subject === undefined).map(([name]) => name);
    expect(names).toEqual(new Set(withoutSubject.filter((name) => !PROCESS_METRIC.test(name))));
    expect(names).toContain('aion_telemetry_dropped_total');
  });
});

describe('with metrics disabled', () => {
  it('no subject is enabled', () => {
    expect(createMetrics({ ...options, enabled: false }).subjects).toEqual(new Set());
  });
});

describe('compareWithCatalogue with disabled subjects', () => {
  const flags = '# TYPE aion_feature_enabled gauge\naion_feature_enabled{feature="metrics_http"} 0\n';

  it('does not report disabled metrics as missing', () => {
    const { missing } = compareWithCatalogue({ 'web-api': flags });
    expect(missing.filter((entry) => entry.includes(' http_'))).toEqual([]);
    expect(missing).toContain('web-api: aion_build_info');
  });

  it('reports exposed metrics that are disabled', () => {
    const text = `${flags}# TYPE http_active_connections gauge\nhttp_active_connections 1\n`;
    expect(compareWithCatalogue({ 'web-api': text }).undeclared).toEqual([
      'web-api: http_active_connections is disabled',
    ]);
  });
});
