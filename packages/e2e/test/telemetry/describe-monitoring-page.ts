import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeWithProgram, waitFor } from '@aion/testkit';
import {
  listGroupingLabels,
  readCommands,
  readQueries,
  listSelectors,
  removeThresholds,
} from '../support/monitoring-page.ts';
import type { TelemetryRun } from './telemetry-run.ts';

const run = promisify(execFile);
/** Command of the span store, which span-store.e2e.test.ts covers. */
const SPAN_STORE_COMMAND = '/debug/traces/';

/** A series in the response to an instant query (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-vectors). */
interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Tests that the queries and commands of docs/MONITORING.md return results on a platform that has served requests. */
export function describeMonitoringPage(getRun: () => TelemetryRun): void {
  describe('the monitoring page', () => {
    beforeAll(async () => {
      const platform = getRun();
      const { prometheus } = platform.observed;
      // Rates count only increases after the first scrape.
      await waitFor(async () => (await prometheus.value('sum(up)')) === 4, { describe: 'the first scrapes' });
      await Promise.all([platform.complete(false), platform.exportTenant()]);
    }, 30_000);

    it.each(readQueries())('contains a query with results: $text', async ({ text, mayBeEmpty }) => {
      const { url } = getRun().observed.prometheus;
      await queryPrometheus(url, text);
      for (const query of mayBeEmpty ? removeThresholds(text) : [text]) {
        const series = await waitForSeries(url, query);
        for (const { metric } of series)
          expect(Object.keys(metric)).toEqual(expect.arrayContaining(listGroupingLabels(text)));
      }
      for (const selector of listSelectors(text)) expect(await queryPrometheus(url, selector)).not.toEqual([]);
    });

    describeWithProgram('curl', 'contains commands, of which', () => {
      it.each(readCommands().filter((command) => !command.includes(SPAN_STORE_COMMAND)))(
        'this one succeeds: %s',
        async (command) => {
          const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command], { env: variablesOf(getRun()) });
          expect(stdout).not.toBe('');
          expect(stdout).not.toContain('"data":null');
        },
      );
    });
  });
}

/** Waits for a result that is not NaN: a quantile is NaN until values were counted between two scrapes. */
async function waitForSeries(url: string, query: string): Promise<readonly Series[]> {
  const findSeries = async (): Promise<readonly Series[] | false> => {
    const series = await queryPrometheus(url, query);
    return series.some(({ value }) => value[1] !== 'NaN') && series;
  };
  return waitFor(findSeries, { describe: `a result of ${query}`, intervalMs: 250 });
}

/** Returns the variables that the commands of the page require. */
function variablesOf({ observed, traceId, correlationId }: TelemetryRun): NodeJS.ProcessEnv {
  const { platform, jaeger, prometheus, key, logsDir } = observed;
  return {
    PATH: process.env['PATH'],
    API: platform.baseUrl,
    ADMIN: platform.adminUrls['web-api'],
    LOGS: logsDir,
    JAEGER: jaeger.queryUrl,
    PROMETHEUS: prometheus.url,
    KEY: key,
    TRACE: traceId,
    CORRELATION: correlationId,
  };
}

async function queryPrometheus(url: string, query: string): Promise<readonly Series[]> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Prometheus answered ${answer.status} to ${query}: ${text}`);
  return (JSON.parse(text) as { readonly data: { readonly result: readonly Series[] } }).data.result;
}
