import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startProcess } from '@aion/testkit';
import type { BenchReport } from '../bench-result.ts';

const main = resolve(import.meta.dirname, 'data-main.ts');

/** Histories are kept by these names: a change here is a break. */
const NAMES = [
  'data.inserts.batched',
  'data.inserts.one_by_one',
  'data.inserts.plain_sql',
  'data.usage_30_days',
  'data.usage_30_days.raw_rows',
  'data.list.page_10000',
  'data.list.page_1',
  'data.gateway_rss',
];

describe('pnpm bench:data', () => {
  it('measures everything once and writes its results in the form of all benchmarks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aion-bench-'));
    const json = join(folder, 'report.json');
    const bench = await startProcess({ args: [main, '--quick', '--json', json] });
    try {
      const exit = await bench.exited;
      expect({ ...exit, output: bench.output() }).toMatchObject({ code: 0 });
      const report: BenchReport = JSON.parse(readFileSync(json, 'utf8'));
      expect(report.results.map(({ name }) => name)).toEqual(NAMES);
      for (const result of report.results) expect(result.value).toBeGreaterThan(0);
      const goals = report.results.filter(({ goal }) => goal !== null).map(({ name }) => name);
      expect(goals).toEqual([
        ...[
          'data.inserts.batched',
          'data.usage_30_days',
          'data.list.page_10000',
          'data.list.page_1',
          'data.gateway_rss',
        ],
      ]);
    } finally {
      await bench.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('refuses a wrong command line with status 2 and says what is right', async () => {
    for (const args of [['--generations', '7'], ['--generations'], ['--rounds', '3']]) {
      const bench = await startProcess({ args: [main, ...args] });
      expect(await bench.exited).toMatchObject({ code: 2 });
      expect(bench.output()).toContain('is not a whole number from');
    }
  });
});
