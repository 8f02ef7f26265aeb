import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServiceClient } from '@aion/http';
import { createMetrics } from '@aion/metrics';
import { startProcess } from '@aion/testkit';
import type { BenchReport } from '../bench-result.ts';
import { addTenant, generationAt, loadGenerations } from './bench-tenant.ts';
import { startDataPlatform, type DataPlatform } from './data-platform.ts';
import { createTenantReads } from './read-as-tenant.ts';

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
      // Megabytes of a whole process of Node.js.
      const rss = report.results.find(({ name }) => name === 'data.gateway_rss');
      expect(rss?.value).toBeGreaterThan(50);
      expect(rss?.value).toBeLessThan(500);
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

/** What a page of the list costs in buffers, of the table, its indexes and the catalogue: the mean of some calls. */
async function buffersOf({ sql }: DataPlatform, read: () => Promise<unknown>): Promise<number> {
  await sql('SELECT pg_stat_statements_reset()');
  await read();
  const rows = await sql<{ buffers: number; calls: number }>(
    `SELECT ((shared_blks_hit + shared_blks_read) / calls)::int AS buffers, calls::int FROM pg_stat_statements
     WHERE query LIKE '%FROM generations%ORDER BY created_at DESC, id DESC%'`,
  );
  expect(rows).toEqual([{ buffers: expect.any(Number), calls: expect.any(Number) }]);
  expect(rows[0]?.calls).toBeGreaterThan(1);
  return rows[0]?.buffers ?? 0;
}

describe('the list of generations', () => {
  it('reads as few buffers for page 10 000 as for page 1, also beside a tenant with newer ones', async () => {
    const { signal } = new AbortController();
    const platform = await startDataPlatform(signal, { shared_preload_libraries: 'pg_stat_statements' });
    const metrics = createMetrics({ service: 'bench', version: '0', enabled: false });
    const { gatewayUrl: baseUrl, tokens } = platform;
    const client = createServiceClient({ baseUrl, audience: 'database-gateway', tokens, metrics });
    try {
      await platform.sql('CREATE EXTENSION pg_stat_statements');
      const [tenant, neighbour] = [await addTenant(platform), await addTenant(platform)];
      const load = { signal, progress: () => undefined };
      await loadGenerations(platform, { ...load, tenant, count: 250_000 });
      await loadGenerations(platform, { ...load, tenant: neighbour, count: 20_000 });
      const reads = await createTenantReads(client, tenant, (place) => generationAt(platform, tenant, place));
      const first = await buffersOf(platform, reads.firstPageMs);
      const far = await buffersOf(platform, reads.farPageMs);
      expect(Math.max(first, far)).toBeLessThanOrEqual(2 * Math.min(first, far));
      // A page has 20 generations.
      expect(Math.max(first, far)).toBeLessThan(200);
    } finally {
      await client.close();
      await platform.stop();
    }
  }, 120_000);
});
