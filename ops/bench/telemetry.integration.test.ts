import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startProcess } from '@aion/testkit';
import type { BenchReport } from './bench-result.ts';

const main = resolve(import.meta.dirname, 'telemetry-main.ts');
const operations = (owners: string[], prefix: string, kinds: string[]): string[] =>
  kinds.flatMap((kind) => owners.map((owner) => `${prefix}.${kind}.${owner}`));

/** Histories are kept by these names: a change here is a break. */
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
  it('measures everything once and writes its results in the form of all benchmarks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aion-bench-'));
    const json = join(folder, 'report.json');
    const bench = await startProcess({ args: [main, '--quick', '--json', json] });
    try {
      const exit = await bench.exited;
      expect({ ...exit, output: bench.output() }).toMatchObject({ code: 0 });
      const report: BenchReport = JSON.parse(readFileSync(json, 'utf8'));
      expect(report).toMatchObject({ node: process.version, cores: expect.any(Number) });
      expect(report.results.map(({ name }) => name)).toEqual(NAMES);
      for (const result of report.results) {
        expect(Object.keys(result)).toEqual(['name', 'value', 'unit', 'reference', 'ratio', 'goal', 'met']);
        // A difference of two figures of a quick run may be anything.
        if (!result.name.startsWith('http.added_by')) expect(result.value).toBeGreaterThan(0);
        expect(result.ratio === null).toBe(result.reference === null);
        expect(result.met === null).toBe(result.goal === null);
        expect(bench.output()).toContain(result.name);
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
    } finally {
      await bench.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('refuses a wrong command line with status 2 and says what is right', async () => {
    const bench = await startProcess({ args: [main, '--rounds', '3'] });
    expect(await bench.exited).toMatchObject({ code: 2 });
    expect(bench.output()).toContain('--rounds 3 is not a whole number from 5 to 100');
  });
});
