import { isDeepStrictEqual } from 'node:util';
import { generateAgeIdentity } from '@aion/bundle';
import { createChatCompletion, createExport, type TenantExport } from '@aion/contracts';
import { compareWithCatalogue } from '@aion/metrics';
import { describeWithProgram, startJaeger, waitFor } from '@aion/testkit';
import { activeSpanIds, withSpan } from '@aion/tracing';
import { callRoute, fetchRoute } from '../src/demo/call-route.ts';
import { watchExportToEnd } from '../src/demo/watch-export.ts';
import { SERVICE_NAMES } from '../src/platform/port-plan.ts';
import {
  CANARIES,
  leaksOf,
  plantCanaries,
  plantedAnywhere,
  plantedInNames,
  sinksOf,
  type Sinks,
} from './support/canaries.ts';
import { orphansOf, spansOfTrace, waysTo, type JaegerSpan } from './support/jaeger-spans.ts';
import { startObservedPlatform, type ObservedPlatform } from './support/observed-platform.ts';

const MODEL = 'plain-1';
const { signal } = new AbortController();
let observed: ObservedPlatform;
let traceId: string;
let exported: TenantExport;

describeWithProgram('prometheus', 'telemetry', (prometheusPath) => {
  describeWithProgram('jaeger', 'of the whole platform', (jaegerPath) => {
    beforeAll(async () => {
      observed = await startObservedPlatform({ jaegerPath, prometheusPath, providerKey: CANARIES.providerKey });
      await withSpan('client request', {}, async () => {
        traceId = activeSpanIds()?.traceId ?? '';
        await complete(false);
        await complete(true);
        exported = await exportTenant();
      });
    }, 120_000);
    afterAll(() => observed.stop(), 60_000);

    it('leads from the client to the provider, which hears of the trace and of nothing else', async () => {
      const spans = await wholeTrace();
      const way = [
        'client: client request',
        ...['web-api: POST /v1/chat/completions', 'web-api: POST /internal/chat/completions'],
        ...['ai-engine: POST /internal/chat/completions', `ai-engine: chat ${MODEL}`],
        'ai-engine: POST /chat/completions',
      ];
      expect(waysTo(spans, 'POST /chat/completions')).toEqual([way, way]);
      const calls = spans.filter(({ name }) => name === 'POST /chat/completions');
      const sent = calls.map(({ spanId }) => `00-${traceId}-${spanId}-01`);
      expect(observed.provider.seen.map(({ traceparent }) => traceparent).toSorted()).toEqual(sent.toSorted());
      for (const headers of observed.provider.seen) {
        expect(Object.keys(headers).filter((name) => /baggage|tracestate|^x-/.test(name))).toEqual([]);
      }
    });

    it('leads through outbox, queue and worker to the copied table and the object, as one trace without errors', async () => {
      const spans = await wholeTrace();
      const toWorker = [
        'client: client request',
        ...['client: POST /api/v1/exports', 'web-api: POST /api/v1/exports', 'web-api: POST /internal/exports'],
        ...['database-gateway: POST /internal/exports', 'database-gateway: publish outbox'],
        ...['database-gateway: send exports', 'data-export: process exports', 'data-export: export copy'],
        'data-export: export table',
      ];
      const rows = 'GET /internal/exports/{export_id}/rows';
      expect(waysTo(spans, 'COPY generations')).toContainEqual([
        ...[...toWorker, `data-export: ${rows}`, `database-gateway: ${rows}`, 'database-gateway: COPY generations'],
      ]);
      expect(waysTo(spans, 'put object')).toContainEqual([...toWorker, 'data-export: put object']);
      expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
      expect(spans.filter(({ tags }) => tags['error'] === true || tags['otel.status_code'] === 'ERROR')).toEqual([]);
      expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual([
        'client request',
      ]);
    });

    it('is counted by Prometheus exactly as often as it was done', async () => {
      const rows = exported.bundle?.rows ?? 0;
      const expected = {
        'sum(up)': 4,
        'sum(http_requests_total{job="web-api",method="POST",path="/v1/chat/completions",status="200"})': 2,
        'sum(http_requests_total{job="web-api",method="POST",path="/api/v1/exports",status="202"})': 1,
        'sum(http_request_duration_seconds_count{job="web-api",path="/v1/chat/completions"})': 2,
        'sum(ai_inference_requests_total{provider="openai"})': 2,
        'sum(ai_inference_duration_seconds_count{provider="openai"})': 2,
        'sum(ai_inference_errors_total)': 0,
        'sum(ai_tokens_total{direction="input"})': 14,
        'sum(ai_tokens_total{direction="output"})': 2,
        'sum(aion_exports_total{outcome="ready"})': 1,
        'sum(aion_exports_total{outcome="failed"})': 0,
        'sum(aion_export_rows_total)': rows,
        'sum(db_query_errors_total)': 0,
      };
      expect(rows).toBeGreaterThan(2);
      await waitFor(async () => isDeepStrictEqual(await valuesOf(expected), expected), {
        describe: 'the counts',
        timeoutMs: 6_000,
        intervalMs: 250,
      }).catch(() => undefined);
      expect(await valuesOf(expected)).toEqual(expected);
    });

    it('shows every declared metric, and none and no label that is not', async () => {
      const scrapes = Object.entries(observed.platform.adminUrls).map(async ([service, url]) => {
        const answer = await fetch(`${url}/metrics`);
        return [service, await answer.text()] as const;
      });
      const differences = compareWithCatalogue(Object.fromEntries(await Promise.all(scrapes)));
      expect(differences).toEqual({ missing: [], undeclared: [], badLabels: [] });
    });

    it('logs JSON lines that join by trace id across all services', () => {
      const logs = observed.logs();
      for (const service of SERVICE_NAMES) {
        const lines = (logs[`${service}.log`] ?? '')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as LogLine);
        const joined = lines.filter((line) => line.trace_id === traceId);
        expect({ service, joins: joined.length > 0 }).toEqual({ service, joins: true });
        expect(new Set(joined.map((line) => line.service))).toEqual(new Set([service]));
        expect(new Set(joined.map((line) => line.tenant_id))).toEqual(new Set([observed.tenantId]));
      }
    });

    it('holds no secret of a header, query, prompt or body in any log line, span, metric, job or error', async () => {
      const answers = await plantCanaries(observed, plantedAnywhere);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      expect(new Set(answers.map(({ status }) => status))).toContain(200);
      const { logs, spans, metrics, queue } = await settledSinks();
      const errors = answers.filter(({ status }) => status >= 400).map(({ body }) => body);
      expect(leaksOf({ logs, spans, metrics, queue, errors: errors.join('\n') })).toEqual([]);
    });

    it('holds no secret of a path or model name in any log line, span, metric, job or error', async () => {
      const answers = await plantCanaries(observed, plantedInNames);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const errors = answers.map(({ body }) => body).join('\n');
      expect(leaksOf({ ...(await settledSinks()), errors })).toEqual([]);
    });

    it('costs no request when Jaeger is killed, and comes back with it', async () => {
      await observed.jaeger.stop('SIGKILL');
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(Array.from({ length: 10 }, (_each, index) => complete(index % 2 === 0)));
      }
      expect(await exportTenant()).toMatchObject({ state: 'ready' });
      const { ports } = observed.jaeger;
      const successor = await startJaeger(jaegerPath, { ports });
      try {
        await untilServicesIn(await withSpan('after the outage', {}, () => completeIn()));
      } finally {
        await successor.stop();
      }
    });
  });
});

interface LogLine {
  readonly service: string;
  readonly trace_id?: string;
  readonly tenant_id?: string;
}

/** Completes in the active span and gives the id of its trace. */
async function completeIn(): Promise<string> {
  await complete(false);
  return activeSpanIds()?.traceId ?? '';
}

/** What telemetry holds once all that was sent before has arrived. */
async function settledSinks(): Promise<Sinks> {
  // What is sent last arrives last: all spans before it are there, too.
  const last = await withSpan('last request', {}, () => completeIn());
  await untilServicesIn(last);
  const sinks = await sinksOf(observed, [...SERVICE_NAMES, 'client']);
  // Each of them is really read.
  expect(sinks.logs).toContain(last);
  expect(sinks.spans).toContain(last);
  expect(sinks.metrics).toContain(MODEL);
  expect(sinks.queue).toContain(exported.id);
  return sinks;
}

async function untilServicesIn(id: string): Promise<void> {
  const wanted = ['web-api', 'ai-engine', 'database-gateway'];
  const arrived = async () => {
    const services = new Set((await spansOfTrace(observed.jaeger.queryUrl, id)).map(({ service }) => service));
    return wanted.every((service) => services.has(service));
  };
  await waitFor(arrived, { describe: `the spans of ${wanted.join(', ')}`, timeoutMs: 20_000, intervalMs: 200 });
}

async function valuesOf(expected: object): Promise<Record<string, number>> {
  const values = Object.keys(expected).map(async (each) => [each, await observed.prometheus.value(each)] as const);
  return Object.fromEntries(await Promise.all(values));
}

async function complete(stream: boolean): Promise<void> {
  const call = { baseUrl: observed.platform.baseUrl, key: observed.key, signal };
  const body = { model: MODEL, stream, messages: [{ role: 'user' as const, content: 'Is it?' }] };
  const answer = await fetchRoute(createChatCompletion, { ...call, body });
  expect(await answer.text()).toContain('Yes.');
}

async function exportTenant(): Promise<TenantExport> {
  const call = { baseUrl: observed.platform.baseUrl, key: observed.key, signal };
  const { id } = await callRoute(createExport, { ...call, body: { recipient: generateAgeIdentity().recipient } });
  return watchExportToEnd({ ...call, exportId: id, onProgress: () => undefined });
}

/** The trace once each span has its parent, the export's last step among them. */
async function wholeTrace(): Promise<readonly JaegerSpan[]> {
  return waitFor(
    async () => {
      const spans = await spansOfTrace(observed.jaeger.queryUrl, traceId);
      const isWhole = spans.some(({ name }) => name === 'client request') && orphansOf(spans).length === 0;
      return isWhole && spans;
    },
    { describe: 'the whole trace', timeoutMs: 15_000, intervalMs: 200 },
  );
}
