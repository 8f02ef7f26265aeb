import { createServiceClient } from '@aion/http';
import { createMetrics } from '@aion/metrics';
import { toReport, toResult, type BenchReport, type Goal } from '../bench-result.ts';
import { addTenant, generationAt, loadGenerations, type BenchTenant } from './bench-tenant.ts';
import { startDataPlatform, type DataPlatform } from './data-platform.ts';
import { insertGenerationsWithSql, insertGenerationsOverHttp } from './insert-generations.ts';
import { createTenantReads } from './tenant-reads.ts';

/** Options of {@link runDataBench}. */
export interface DataBenchOptions {
  readonly rounds: number;
  /** Number of generations loaded before anything is measured; at least 200 020, for page 10 000. */
  readonly generations: number;
  /** Number of generations inserted by each measurement of each round. */
  readonly inserts: number;
  readonly signal: AbortSignal;
  /** Reports one step in a line. */
  readonly progress: (line: string) => void;
}

const BATCHED = { callers: 8, perRequest: 100 };
const SINGLE = { callers: 64, perRequest: 1 };

/** Results in the order of the report, with their references and goals. */
const RESULTS: readonly { name: string; unit: string; reference?: string; goal?: Goal }[] = [
  {
    name: 'data.inserts.batched',
    unit: 'rows/s',
    reference: 'data.inserts.plain_sql',
    goal: { of: 'value', op: '>=', value: 5_000 },
  },
  { name: 'data.inserts.one_by_one', unit: 'rows/s', reference: 'data.inserts.plain_sql' },
  { name: 'data.inserts.plain_sql', unit: 'rows/s' },
  {
    name: 'data.usage_30_days',
    unit: 'ms',
    reference: 'data.usage_30_days.raw_rows',
    goal: { of: 'value', op: '<=', value: 100 },
  },
  { name: 'data.usage_30_days.raw_rows', unit: 'ms' },
  {
    name: 'data.list.page_10000',
    unit: 'ms',
    reference: 'data.list.page_1',
    goal: { of: 'ratio', op: '<=', value: 2 },
  },
  {
    // Each at most twice the other, whichever is slower.
    name: 'data.list.page_1',
    unit: 'ms',
    reference: 'data.list.page_10000',
    goal: { of: 'ratio', op: '<=', value: 2 },
  },
  { name: 'data.gateway_rss', unit: 'MB', goal: { of: 'value', op: '<=', value: 150 } },
];

/** Measures database-gateway on its own PostgreSQL. @throws Error when something cannot be measured */
export async function runDataBench(options: DataBenchOptions): Promise<BenchReport> {
  options.progress('starting PostgreSQL and database-gateway');
  const platform = await startDataPlatform(options.signal);
  try {
    const tenant = await addTenant(platform);
    await loadGenerations(platform, { ...options, tenant, count: options.generations });
    const samples = await measure(platform, tenant, options);
    return toReport(
      RESULTS.map(({ name, unit, reference, goal }) =>
        toResult({
          name,
          unit,
          goal,
          samples: samples.get(name) ?? [],
          reference: reference === undefined ? undefined : { name: reference, samples: samples.get(reference) ?? [] },
        }),
      ),
    );
  } finally {
    await platform.stop();
  }
}

async function measure(
  platform: DataPlatform,
  tenant: BenchTenant,
  { rounds, inserts: count, signal, progress }: DataBenchOptions,
): Promise<ReadonlyMap<string, number[]>> {
  const metrics = createMetrics({ service: 'bench', version: '0', enabled: false });
  const { gatewayUrl: baseUrl, tokens } = platform;
  const client = createServiceClient({ baseUrl, audience: 'database-gateway', tokens, metrics });
  const reads = await createTenantReads(client, tenant, (position) => generationAt(platform, tenant, position));
  // Inserts go to another tenant, so that the pages that are read do not change.
  const writer = await addTenant(platform);
  const steps: Readonly<Record<string, () => Promise<number>>> = {
    'data.inserts.batched': () => insertGenerationsOverHttp(platform, writer, { ...BATCHED, count }),
    'data.inserts.plain_sql': () => insertGenerationsWithSql(platform, writer, count),
    'data.inserts.one_by_one': () => insertGenerationsOverHttp(platform, writer, { ...SINGLE, count }),
    'data.usage_30_days': reads.usageMs,
    'data.usage_30_days.raw_rows': () => sumRawRows(platform, tenant),
    'data.list.page_1': reads.firstPageMs,
    'data.list.page_10000': reads.farPageMs,
  };
  const samples = new Map<string, number[]>();
  try {
    progress('warming up');
    platform.resetGatewayPeakRss();
    for (const [name, step] of Object.entries(steps)) if (!name.endsWith('raw_rows')) await step();
    for (let round = 1; round <= rounds; round += 1) {
      progress(`round ${round} of ${rounds}`);
      for (const [name, step] of Object.entries(steps)) {
        signal.throwIfAborted();
        samples.set(name, [...(samples.get(name) ?? []), await step()]);
      }
    }
    // One figure for the complete load: the peak.
    samples.set('data.gateway_rss', [platform.gatewayPeakRssBytes() / 1_048_576]);
    return samples;
  } finally {
    await client.close();
  }
}

/** Measures the same report computed from generations, without daily sums. */
async function sumRawRows({ sql }: DataPlatform, { tenantId }: BenchTenant): Promise<number> {
  const startedAt = performance.now();
  await sql(
    `SELECT (created_at AT TIME ZONE 'UTC')::date, count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost_micro_usd)
     FROM generations WHERE tenant_id = $1 AND created_at >= now() - interval '30 days' GROUP BY 1`,
    [tenantId],
  );
  return performance.now() - startedAt;
}
