import { resolve } from 'node:path';
import { startProcess } from '@aion/testkit';
import { runQuickBench } from './testing/run-quick-bench.ts';

const main = resolve(import.meta.dirname, 'telemetry-main.ts');
const operations = (owners: string[], prefix: string, kinds: string[]): string[] =>
  kinds.flatMap((kind) => owners.map((owner) => `${prefix}.${kind}.${owner}`));

/** Histories of results are keyed by these names: a change here is a breaking change. */
const NAMES = [
  ...operations(['aion', 'prom_client'], 'metric', ['counter', 'gauge', 'histogram', 'histogram_exemplar']),
  ...operations(['aion', 'winston', 'pino'], 'log', ['line', 'suppressed', 'redacted']),
  ...operations(['aion', 'prom_client'], 'scrape', ['500', '1000', '5000']),
  'http.express',
  'http.aion_off',
  'http.aion_subjects_off',
  'http.aion_metrics',
  'http.aion_metrics_tracing_0',
  'http.aion_metrics_tracing_10',
  'http.aion_metrics_tracing_100',
  'http.aion_everything_10',
  'http.aion_everything_10_lines_10',
  'http.express_prom_bundle',
  'http.otel_http_express_10',
  'http.otel_auto_10',
  'http.aion_everything_10_beside_off',
  'http.added_by_aion_everything_10',
];

describe('pnpm bench:telemetry', () => {
  it('measures every subject once and writes a report in the common JSON format', async () => {
    const { report, output } = await runQuickBench(main);
    expect(report).toMatchObject({ node: process.version, cores: expect.any(Number) });
    expect(report.results.map(({ name }) => name)).toEqual(NAMES);
    for (const result of report.results) {
      expect(Object.keys(result)).toEqual(['name', 'value', 'unit', 'reference', 'ratio', 'goal', 'met']);
      // A difference of two figures of a quick run may be anything.
      if (!result.name.startsWith('http.added_by')) expect(result.value).toBeGreaterThan(0);
      expect(result.ratio === null).toBe(result.reference === null);
      expect(result.met === null).toBe(result.goal === null);
      expect(output).toContain(result.name);
    }
    const goals = report.results.filter(({ goal }) => goal !== null).map(({ name }) => name);
    expect(goals).toEqual([
      ...operations(['aion'], 'metric', ['counter', 'gauge', 'histogram', 'histogram_exemplar']),
      'log.suppressed.aion',
      ...operations(['aion'], 'scrape', ['500', '1000', '5000']),
      'http.aion_everything_10',
      'http.aion_everything_10_lines_10',
      'http.added_by_aion_everything_10',
    ]);
  }, 120_000);

  it('exits with status 2 and names the valid values when an option is wrong', async () => {
    const bench = await startProcess({ args: [main, '--rounds', '3'] });
    expect(await bench.exited).toMatchObject({ code: 2 });
    expect(bench.output()).toContain('--rounds 3 is not a whole number from 5 to 100');
  });
});
