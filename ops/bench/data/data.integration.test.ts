import { resolve } from 'node:path';
import { createServiceClient } from '@aion/http';
import { createMetrics } from '@aion/metrics';
import { startProcess } from '@aion/testkit';
import { runQuickBench } from '../testing/run-quick-bench.ts';
import { addTenant, generationAt, loadGenerations } from './bench-tenant.ts';
import { startDataPlatform, type DataPlatform } from './data-platform.ts';
import { createTenantReads } from './tenant-reads.ts';

const main = resolve(import.meta.dirname, 'data-main.ts');

/** Histories of results are keyed by these names: a change here is a breaking change. */
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
  it('measures every result once and writes a report in the common JSON format', async () => {
    const { report } = await runQuickBench(main);
    expect(report.results.map(({ name }) => name)).toEqual(NAMES);
    for (const result of report.results) expect(result.value).toBeGreaterThan(0);
    // Megabytes of a complete Node.js process.
    const rss = report.results.find(({ name }) => name === 'data.gateway_rss');
    expect(rss?.value).toBeGreaterThan(50);
    expect(rss?.value).toBeLessThan(500);
    const goals = report.results.filter(({ goal }) => goal !== null).map(({ name }) => name);
    expect(goals).toEqual([
      'data.inserts.batched',
      'data.usage_30_days',
      'data.list.page_10000',
      'data.list.page_1',
      'data.gateway_rss',
    ]);
  }, 120_000);

  it('exits with status 2 and names the valid values when an option is wrong', async () => {
    const wrong: Readonly<Record<string, readonly string[]>> = {
      '--generations 7 is not a whole number from 250000 to 100000000': ['--generations', '7'],
      '--generations N  loaded before anything is measured, 250 000 to 100 000 000': ['--generations'],
      '--rounds 3 is not a whole number from 5 to 100': ['--rounds', '3'],
    };
    for (const [message, args] of Object.entries(wrong)) {
      const bench = await startProcess({ args: [main, ...args] });
      expect(await bench.exited).toMatchObject({ code: 2 });
      expect(bench.output()).toContain(message);
    }
  });
});

/** Returns the mean number of buffers that a page of the list reads, of the table, its indexes and the system catalogue. */
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
  it('reads as few buffers for page 10 000 as for page 1 when another tenant has newer generations', async () => {
    const { signal } = new AbortController();
    const platform = await startDataPlatform(signal, { shared_preload_libraries: 'pg_stat_statements' });
    const metrics = createMetrics({ service: 'bench', version: '0', enabled: false });
    const { gatewayUrl: baseUrl, tokens } = platform;
    const client = createServiceClient({ baseUrl, audience: 'database-gateway', tokens, metrics });
    try {
      await platform.sql('CREATE EXTENSION pg_stat_statements');
      const tenant = await addTenant(platform);
      const otherTenant = await addTenant(platform);
      const load = { signal, progress: () => undefined };
      await loadGenerations(platform, { ...load, tenant, count: 250_000 });
      await loadGenerations(platform, { ...load, tenant: otherTenant, count: 20_000 });
      const reads = await createTenantReads(client, tenant, (position) => generationAt(platform, tenant, position));
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
