import { waitFor } from '@aion/testkit';
import { findOrphans, spansOfTrace, pathsTo, type JaegerSpan } from '../support/jaeger-spans.ts';
import { MODEL, type TelemetryRun } from './telemetry-run.ts';

/** Tests that one trace contains everything that was done for a client. */
export function describeTraces(getRun: () => TelemetryRun): void {
  describe('a trace', () => {
    it('leads from the client to the provider, which receives the trace context and no other context headers', async () => {
      const run = getRun();
      const spans = await waitForCompleteTrace(run);
      const path = [
        'client: client request',
        'web-api: POST /v1/chat/completions',
        'web-api: POST /internal/chat/completions',
        'ai-engine: POST /internal/chat/completions',
        `ai-engine: chat ${MODEL}`,
        'ai-engine: POST /chat/completions',
      ];
      expect(pathsTo(spans, 'POST /chat/completions')).toEqual([path, path]);
      const calls = spans.filter(({ name }) => name === 'POST /chat/completions');
      const sent = calls.map(({ spanId }) => `00-${run.traceId}-${spanId}-01`);
      expect(run.observed.provider.seen.map(({ traceparent }) => traceparent).toSorted()).toEqual(sent.toSorted());
      for (const headers of run.observed.provider.seen) {
        expect(Object.keys(headers).filter((name) => /baggage|tracestate|^x-/.test(name))).toEqual([]);
      }
    });

    it('leads through outbox, queue and worker to the copied table and the object, as one trace without errors', async () => {
      const run = getRun();
      const spans = await waitForCompleteTrace(run);
      const toWorker = [
        'client: client request',
        'client: POST /api/v1/exports',
        'web-api: POST /api/v1/exports',
        'web-api: POST /internal/v1/exports',
        'database-gateway: POST /internal/v1/exports',
        'database-gateway: publish outbox',
        'database-gateway: send exports',
        'data-export: process exports',
        'data-export: export copy',
        'data-export: export table',
      ];
      const rows = 'GET /internal/exports/{export_id}/rows';
      expect(pathsTo(spans, 'COPY generations')).toContainEqual([
        ...toWorker,
        `data-export: ${rows}`,
        `database-gateway: ${rows}`,
        'database-gateway: COPY generations',
      ]);
      expect(pathsTo(spans, 'put object')).toContainEqual([...toWorker, 'data-export: put object']);
      expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([run.traceId]));
      expect(spans.filter(({ tags }) => tags['error'] === true || tags['otel.status_code'] === 'ERROR')).toEqual([]);
      expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual([
        'client request',
      ]);
    });
  });
}

/** Waits until the trace is complete: every parent span is present. */
async function waitForCompleteTrace(run: TelemetryRun): Promise<readonly JaegerSpan[]> {
  return waitFor(
    async () => {
      const spans = await spansOfTrace(run.observed.jaeger.queryUrl, run.traceId);
      const isComplete = spans.some(({ name }) => name === 'client request') && findOrphans(spans).length === 0;
      return isComplete && spans;
    },
    { describe: 'the complete trace', timeoutMs: 15_000, intervalMs: 200 },
  );
}
