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
import { dropsOf } from './support/service-telemetry.ts';
import { openUnreadScrapes } from './support/unread-scrapes.ts';

const COMPLETIONS = 120;
const MAX_ROUNDS = 10;
let run: DegradedServices;
let ledger: DegradationLedger;

beforeAll(async () => {
  run = await startDegradedServices();
  ledger = createLedger(run);
  // Code is compiled and pools are filled by the first requests.
  await ledger.load('warm-up', 300);
}, 120_000);
afterAll(() => run.stop(), 60_000);

describe('services whose telemetry is taken', () => {
  it('lose nothing of it, and send it as OTEL_* variables say', async () => {
    await exportTenant();
    await ledger.begin();
    expect((await ledger.load('healthy', COMPLETIONS)).failures).toEqual([]);
    expect(await ledger.unaccountedSpans()).toEqual({ lost: 0, countedTwice: 0 });
    expect(await ledger.newDrops()).toEqual({});
    await ledger.remember();
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
  ['is overloaded (429)', { kind: 'refusing', status: 429 }, ['traces export_failed']],
  ['is not available (503)', { kind: 'refusing', status: 503 }, ['traces export_failed']],
  ['has a full disk (507)', { kind: 'refusing', status: 507 }, ['traces export_failed']],
  ['resets its connections', { kind: 'resetting' }, ['traces export_failed']],
];

describe('services whose collector', () => {
  it.each(FAULTS)(
    '%s serve all the same, within their bounds, and count each span that is lost',
    async (...fault) => {
      const [what, mode, reasons] = fault;
      run.collector.become(mode);
      expect(await exportTenant()).toBe('ready');
      const drops = new Set<string>();
      // How much is due depends on how quick the machine is: more is asked for until something of each kind is dropped.
      for (let round = 0; round < MAX_ROUNDS && reasons.some((reason) => !drops.has(reason)); round += 1) {
        expect((await ledger.load(what, COMPLETIONS)).failures).toEqual([]);
        for (const drop of Object.keys(await ledger.newDrops())) drops.add(drop);
      }
      expect([...drops]).toEqual(expect.arrayContaining([...reasons]));
      expect(await ledger.overgrown('fault')).toEqual([]);
      if (mode.kind !== 'slow') expect(run.collector.refusals()).toBeGreaterThan(0);

      run.collector.become({ kind: 'healthy' });
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
  it('dies, and others read nothing of what they ask for, serve all the same and are scraped again', async () => {
    const prometheus = await startPrometheus(prometheusPath, { targets: run.services.adminUrls });
    const seen = 'sum(http_requests_total{job="web-api",path="/v1/chat/completions",status="200"})';
    const scrapes = await openUnreadScrapes(run.services.adminUrls);
    try {
      await waitFor(async () => (await prometheus.value('sum(up)')) === 4, { describe: 'scrapes', intervalMs: 200 });
      await ledger.newDrops();
      const scraped = await prometheus.value('sum(count_over_time(up[10m]))');
      await prometheus.kill();
      expect((await ledger.load('scraper is gone', COMPLETIONS)).failures).toEqual([]);
      expect(await ledger.overgrown('fault')).toEqual([]);
      scrapes.close();
      await prometheus.restart();
      const all = ledger.completions();
      await waitFor(async () => (await prometheus.value(seen)) === all, {
        describe: `${all} completions`,
        intervalMs: 200,
      });
      // With what was scraped before the end.
      expect(await prometheus.value('sum(count_over_time(up[10m]))')).toBeGreaterThan(scraped);
      expect(await ledger.newDrops()).toEqual({});
    } finally {
      scrapes.close();
      await prometheus.stop();
    }
  }, 60_000);
});

describe("services whose logs' reader", () => {
  it('stalls serve all the same, within their bounds, and count each line that is lost', async () => {
    const linesBefore = accessLines().length;
    run.logs.stall();
    let requests = COMPLETIONS;
    expect((await ledger.load("logs' reader stalls", COMPLETIONS)).failures).toEqual([]);
    while ((await droppedLines()) === 0 && requests < 20_000) requests += await listModels(500);
    expect(await droppedLines()).toBeGreaterThan(0);
    expect(await ledger.overgrown('fault')).toEqual([]);

    run.logs.resume();
    const accounted = async (): Promise<number> => accessLines().length - linesBefore + (await droppedLines());
    await waitFor(async () => (await accounted()) === requests, { describe: 'each line', intervalMs: 100 }).catch(
      () => undefined,
    );
    expect(await accounted()).toBe(requests);
  }, 60_000);

  it('goes away serve all the same, and its successor reads what it has missed', async () => {
    await run.logs.leave();
    const traceIds = await Promise.all(Array.from({ length: 10 }, () => ledger.complete()));
    run.logs.resume();
    await waitFor(() => traceIds.every((id) => run.logs.text().includes(id)), { describe: 'the lines of the outage' });
    expect((await ledger.load('log reader is back', COMPLETIONS)).failures).toEqual([]);
  }, 30_000);
});

describe('services whose telemetry has come back', () => {
  it('hold nothing of all that was lost', async () => {
    expect(await ledger.overgrown('settled')).toEqual([]);
  }, 30_000);
});

/** The lines that web-api has written of requests, one for each. */
function accessLines(): readonly unknown[] {
  return run.logs
    .text()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly service: string; readonly message: string })
    .filter(({ service, message }) => service === 'web-api' && message === 'Request handled');
}

async function droppedLines(): Promise<number> {
  return (await dropsOf(run.services.adminUrls['web-api']))['logs queue_full'] ?? 0;
}

async function listModels(count: number): Promise<number> {
  const { baseUrl, key } = run.target;
  const ask = async (): Promise<number> => {
    const answer = await fetch(`${baseUrl}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    await answer.text();
    return answer.status;
  };
  for (let asked = 0; asked < count; asked += 20) {
    expect(new Set(await Promise.all(Array.from({ length: 20 }, ask)))).toEqual(new Set([200]));
  }
  return count;
}

/** Asks again and again, for a queue that is still full drops spans, until a trace has spans of each of these services. */
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
