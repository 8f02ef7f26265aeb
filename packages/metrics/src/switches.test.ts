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
/** Says of a switch what it is, or differs from one process to the next. */
const OF_THE_PROCESS = /^(process_|nodejs_|aion_event_loop_|aion_feature_enabled)/;

/** Instruments of any metric, whose labels are made up below. */
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
    if (isA(name, 'counter')) metrics.counter(name).inc(given);
    else if (isA(name, 'gauge')) metrics.gauge(name).set(given, 1);
    else if (isA(name, 'histogram')) metrics.histogram(name).observe(given, 1);
  }
}

function isA<T extends 'counter' | 'gauge' | 'histogram'>(name: string, type: T): name is MetricName<T> {
  return new Map(declarations).get(name)?.type === type;
}

async function linesOf(metrics: Metrics): Promise<readonly string[]> {
  const { body } = await metrics.exposition();
  return body.split('\n').filter((line) => line !== '' && !OF_THE_PROCESS.test(line.replace(/^# \w+ /, '')));
}

async function linesWith(more: Partial<MetricsOptions>): Promise<readonly string[]> {
  const metrics = createMetrics({ ...options, ...more });
  recordAll(metrics);
  return linesOf(metrics);
}

const isOf = (subject: TelemetrySubject) => (line: string) => {
  const name = /^(?:# \w+ )?(\w+)/.exec(line)?.[1] ?? '';
  return declarations.some(
    ([metric, declaration]) =>
      declaration.subject === subject && (name === metric || name.replace(/_(bucket|sum|count)$/, '') === metric),
  );
};

describe.each(TELEMETRY_SUBJECTS)('with %s switched off', (subject) => {
  const subjects = TELEMETRY_SUBJECTS.filter((other) => other !== subject);

  it('its series are gone, and all others are as they were', async () => {
    const all = await linesWith({ genAi: true });
    const left = await linesWith({ genAi: true, subjects });
    expect(all.filter(isOf(subject)).length).toBeGreaterThan(10);
    expect(left).toEqual(all.filter((line) => !isOf(subject)(line)));
  });

  it('its collectors do not run, and the process says so', async () => {
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

  it('a service that emits it starts without it, and misses nothing', async () => {
    const metrics = createMetrics({ ...options, service: 'ai-engine', subjects });
    const lines = await linesOf(metrics);
    expect(lines.filter(isOf(subject))).toEqual([]);
    const { missing, undeclared } = compareWithCatalogue({ 'ai-engine': (await metrics.exposition()).body });
    expect(missing.filter((entry) => isOf(subject)(entry.replace('ai-engine: ', '')))).toEqual([]);
    expect(undeclared).toEqual([]);
  });
});

describe('with every subject switched off', () => {
  it('the process and its telemetry are still seen', async () => {
    const lines = await linesWith({ subjects: [] });
    const names = new Set(lines.filter((line) => !line.startsWith('#')).map((line) => /^\w+/.exec(line)?.[0]));
    names.delete(undefined);
    const ofNoSubject = declarations.filter(([, { subject }]) => subject === undefined).map(([name]) => name);
    expect(names).toEqual(new Set(ofNoSubject.filter((name) => !OF_THE_PROCESS.test(name))));
    expect(names).toContain('aion_telemetry_dropped_total');
  });
});

describe('with metrics switched off', () => {
  it('nothing is measured', () => {
    expect(createMetrics({ ...options, enabled: false }).subjects).toEqual(new Set());
  });
});

describe('the comparison of a scrape whose subjects are switched', () => {
  const said = '# TYPE aion_feature_enabled gauge\naion_feature_enabled{feature="metrics_http"} 0\n';

  it('misses nothing of what is off', () => {
    const { missing } = compareWithCatalogue({ 'web-api': said });
    expect(missing.filter((entry) => entry.includes(' http_'))).toEqual([]);
    expect(missing).toContain('web-api: aion_build_info');
  });

  it('objects to what is off and is there', () => {
    const text = `${said}# TYPE http_active_connections gauge\nhttp_active_connections 1\n`;
    expect(compareWithCatalogue({ 'web-api': text }).undeclared).toEqual([
      'web-api: http_active_connections is switched off',
    ]);
  });
});
