import { isDeepStrictEqual } from 'node:util';
import { compareWithCatalogue } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import type { TelemetryRun } from './telemetry-run.ts';

/** Tests that metrics count all work, and that services expose exactly the declared metrics. */
export function describeMetrics(getRun: () => TelemetryRun): void {
  describe('metrics', () => {
    it('count exactly the requests, tokens, exports and rows in Prometheus', async () => {
      const run = getRun();
      const rows = run.exported.bundle?.rows ?? 0;
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
      let counted: unknown;
      const isCounted = async () => isDeepStrictEqual((counted = await valuesOf(run, expected)), expected);
      const wait = { describe: 'the counts', timeoutMs: 20_000, intervalMs: 250 };
      // After a timeout, the comparison of the last values is more informative than the timeout error.
      await waitFor(isCounted, wait).catch(() => undefined);
      expect(counted).toEqual(expected);
    });

    it('include every declared metric and no undeclared metric or label', async () => {
      const run = getRun();
      const scrapes = Object.entries(run.observed.platform.adminUrls).map(async ([service, url]) => {
        const answer = await fetch(`${url}/metrics`);
        return [service, await answer.text()] as const;
      });
      const differences = compareWithCatalogue(Object.fromEntries(await Promise.all(scrapes)));
      expect(differences).toEqual({ missing: [], undeclared: [], badLabels: [] });
    });
  });
}

async function valuesOf(run: TelemetryRun, expected: object): Promise<Record<string, number>> {
  const values = Object.keys(expected).map(async (each) => [each, await run.observed.prometheus.value(each)] as const);
  return Object.fromEntries(await Promise.all(values));
}
