import { generateAgeIdentity } from '@aion/bundle';
import { callRoute, watchExportToEnd } from '@aion/client/traced';
import { routes } from '@aion/contracts';
import { describeWithProgram, startPrometheus, waitFor } from '@aion/testkit';
import { createLedger, type DegradationLedger } from './support/degradation-ledger.ts';
import {
  COLLECTOR_KEY,
  SPAN_LIMITS,
  startDegradedServices,
  type DegradedServices,
} from './support/degraded-services.ts';
import type { CollectorMode } from './support/faulty-collector.ts';
import { readDrops } from './support/service-telemetry.ts';
import { openUnreadScrapes } from './support/unread-scrapes.ts';

const COMPLETIONS = 120;
const MAX_ROUNDS = 10;
let run: DegradedServices;
let ledger: DegradationLedger;

beforeAll(async () => {
  run = await startDegradedServices();
  ledger = createLedger(run);
  // The first requests compile code and fill connection pools.
  await ledger.load('warm-up', 300);
}, 120_000);
afterAll(() => run.stop(), 60_000);

describe('services whose collector accepts telemetry', () => {
  it('lose no telemetry and send it as configured by OTEL_* variables', async () => {
    await exportTenant();
    await ledger.begin();
    expect((await ledger.load('healthy', COMPLETIONS)).failures).toEqual([]);
    expect(await ledger.unaccountedSpans()).toEqual({ lost: 0, countedTwice: 0 });
    expect(await ledger.newDrops()).toEqual({});
    await ledger.recordMemory();
    const { received } = run.collector;
    expect(new Set(received.map(({ service }) => service)).size).toBe(4);
    expect(new Set(received.map(({ authorization }) => authorization))).toEqual(new Set([COLLECTOR_KEY]));
    expect(new Set(received.map(({ resource }) => resource['deployment.environment.name']))).toEqual(
      new Set(['degraded']),
    );
  }, 60_000);
});

const FAULTS: readonly (readonly [string, CollectorMode, readonly string[]])[] = [
  ['never answers', { kind: 'silent' }, ['traces export_failed', 'traces queue_full']],
  ['answers after a second', { kind: 'slow', delayMs: 1_000 }, ['traces queue_full']],
  ['is overloaded (429)', { kind: 'rejecting', status: 429 }, ['traces export_failed']],
  ['is not available (503)', { kind: 'rejecting', status: 503 }, ['traces export_failed']],
  ['has a full disk (507)', { kind: 'rejecting', status: 507 }, ['traces export_failed']],
  ['resets its connections', { kind: 'resetting' }, ['traces export_failed']],
];

describe('services whose collector', () => {
  it.each(FAULTS)(
    '%s serve requests within their memory limits and count each span that is lost',
    async (...fault) => {
      const [name, mode, reasons] = fault;
      run.collector.setMode(mode);
      expect(await exportTenant()).toBe('ready');
      const drops = new Set<string>();
      // The number of requests that causes drops depends on the machine: send more until each kind of drop has occurred.
      for (let round = 0; round < MAX_ROUNDS && reasons.some((reason) => !drops.has(reason)); round += 1) {
        expect((await ledger.load(name, COMPLETIONS)).failures).toEqual([]);
        for (const drop of Object.keys(await ledger.newDrops())) drops.add(drop);
      }
      expect([...drops]).toEqual(expect.arrayContaining([...reasons]));
      expect(await ledger.listExcessiveMemory('fault')).toEqual([]);
      if (mode.kind !== 'slow') expect(run.collector.failures()).toBeGreaterThan(0);

      run.collector.setMode({ kind: 'healthy' });
      const { lost, countedTwice } = await ledger.unaccountedSpans();
      expect(lost).toBe(0);
      expect(countedTwice).toBeLessThanOrEqual(SPAN_LIMITS.batch);
      await untilTraced(['web-api', 'ai-engine', 'database-gateway']);
      expect((await ledger.unaccountedSpans()).lost).toBe(0);
      await ledger.newDrops();
    },
    60_000,
  );
});

describeWithProgram('prometheus', 'services whose scraper', (prometheusPath) => {
  it('is killed while other scrapers read no responses serve requests and are scraped after its restart', async () => {
    const prometheus = await startPrometheus(prometheusPath, { targets: run.services.adminUrls });
    const seen = 'sum(http_requests_total{job="web-api",path="/v1/chat/completions",status="200"})';
    const scrapes = await openUnreadScrapes(run.services.adminUrls);
    try {
      await waitFor(async () => (await prometheus.value('sum(up)')) === 4, { describe: 'scrapes', intervalMs: 200 });
      await ledger.newDrops();
      const scraped = await prometheus.value('sum(count_over_time(up[10m]))');
      await prometheus.kill();
      expect((await ledger.load('scraper is gone', COMPLETIONS)).failures).toEqual([]);
      expect(await ledger.listExcessiveMemory('fault')).toEqual([]);
      scrapes.close();
      await prometheus.restart();
      const all = ledger.completions();
      await waitFor(async () => (await prometheus.value(seen)) === all, {
        describe: `${all} completions`,
        intervalMs: 200,
      });
      // Includes the samples that were scraped before the kill.
      expect(await prometheus.value('sum(count_over_time(up[10m]))')).toBeGreaterThan(scraped);
      expect(await ledger.newDrops()).toEqual({});
    } finally {
      scrapes.close();
      await prometheus.stop();
    }
  }, 60_000);
});

describe('services whose log reader', () => {
  it('stalls serve requests within their memory limits and count each line that is lost', async () => {
    const linesBefore = readAccessLines().length;
    run.logs.stall();
    let requests = COMPLETIONS;
    expect((await ledger.load('log reader stalls', COMPLETIONS)).failures).toEqual([]);
    while ((await countDroppedLines()) === 0 && requests < 20_000) requests += await listModels(500);
    expect(await countDroppedLines()).toBeGreaterThan(0);
    expect(await ledger.listExcessiveMemory('fault')).toEqual([]);

    run.logs.resume();
    const accounted = async (): Promise<number> => readAccessLines().length - linesBefore + (await countDroppedLines());
    await waitFor(async () => (await accounted()) === requests, { describe: 'each line', intervalMs: 100 }).catch(
      () => undefined,
    );
    expect(await accounted()).toBe(requests);
  }, 60_000);

  it('exits serve requests, and the next reader receives the missed lines', async () => {
    await run.logs.disconnect();
    const traceIds = await Promise.all(Array.from({ length: 10 }, () => ledger.complete()));
    run.logs.resume();
    await waitFor(() => traceIds.every((id) => run.logs.text().includes(id)), { describe: 'the lines of the outage' });
    expect((await ledger.load('log reader is back', COMPLETIONS)).failures).toEqual([]);
  }, 30_000);
});

describe('services whose telemetry has recovered', () => {
  it('retain no memory of lost telemetry', async () => {
    expect(await ledger.listExcessiveMemory('settled')).toEqual([]);
  }, 30_000);
});

/** Returns the log lines of web-api for requests, one per request. */
function readAccessLines(): readonly unknown[] {
  return run.logs
    .text()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly service: string; readonly message: string })
    .filter(({ service, message }) => service === 'web-api' && message === 'Request handled');
}

async function countDroppedLines(): Promise<number> {
  return (await readDrops(run.services.adminUrls['web-api']))['logs queue_full'] ?? 0;
}

async function listModels(count: number): Promise<number> {
  const { baseUrl, key } = run.target;
  const list = async (): Promise<number> => {
    const answer = await fetch(`${baseUrl}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    await answer.text();
    return answer.status;
  };
  for (let sent = 0; sent < count; sent += 20) {
    expect(new Set(await Promise.all(Array.from({ length: 20 }, list)))).toEqual(new Set([200]));
  }
  return count;
}

/** Repeats completions until a trace contains spans of each service; a queue that is still full drops spans. */
async function untilTraced(services: readonly string[]): Promise<void> {
  const isTraced = async (): Promise<boolean> => {
    const traceId = await ledger.complete();
    const arrived = (): boolean => {
      const spans = run.collector.received.filter((span) => span.traceId === traceId);
      return services.every((service) => spans.some((span) => span.service === service));
    };
    return waitFor(arrived, { describe: 'its spans', timeoutMs: 1_000 });
  };
  await waitFor(isTraced, { describe: `a trace of ${services.join(', ')}`, timeoutMs: 15_000 });
}

async function exportTenant(): Promise<string> {
  const call = { baseUrl: run.target.baseUrl, key: run.target.key, signal: AbortSignal.timeout(20_000) };
  const { id } = await callRoute(routes.exports.create, {
    ...call,
    body: { recipient: generateAgeIdentity().recipient },
  });
  return (await watchExportToEnd({ ...call, exportId: id, onProgress: () => undefined })).state;
}
