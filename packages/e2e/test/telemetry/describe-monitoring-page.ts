import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeWithProgram, waitFor } from '@aion/testkit';
import { groupingOf, readCommands, readQueries, selectorsOf, withoutThresholds } from '../support/monitoring-page.ts';
import type { TelemetryRun } from './telemetry-run.ts';

const run = promisify(execFile);
/** Of the in-process store, which is another mode: span-store.e2e.test.ts runs it. */
const OF_STORE = '/debug/traces/';

/** A series of an instant query's answer (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-vectors). */
interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** What docs/MONITORING.md tells people to ask answers on a platform that has worked. */
export function describeMonitoringPage(of: () => TelemetryRun): void {
  describe('the monitoring page', () => {
    beforeAll(async () => {
      const platform = of();
      const { prometheus } = platform.observed;
      // Rates are of what happens after the first scrape.
      await waitFor(async () => (await prometheus.value('sum(up)')) === 4, { describe: 'the first scrapes' });
      await Promise.all([platform.complete(false), platform.exportTenant()]);
    }, 30_000);

    it.each(readQueries())('has an answer to $text', async ({ text, mayBeEmpty }) => {
      const { url } = of().observed.prometheus;
      await ask(url, text);
      for (const query of mayBeEmpty ? withoutThresholds(text) : [text]) {
        const answer = await untilAnswered(url, query);
        for (const { metric } of answer) expect(Object.keys(metric)).toEqual(expect.arrayContaining(groupingOf(text)));
      }
      for (const selector of selectorsOf(text)) expect(await ask(url, selector)).not.toEqual([]);
    });

    describeWithProgram('curl', 'with commands', () => {
      it.each(readCommands().filter((command) => !command.includes(OF_STORE)))(
        'does what it says by %s',
        async (command) => {
          const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command], { env: variablesOf(of()) });
          expect(stdout).not.toBe('');
          expect(stdout).not.toContain('"data":null');
        },
      );
    });
  });
}

/** The answer once there is a number in it: a quantile has none until something was counted between two scrapes. */
async function untilAnswered(url: string, query: string): Promise<readonly Series[]> {
  const look = async (): Promise<readonly Series[] | false> => {
    const series = await ask(url, query);
    return series.some(({ value }) => value[1] !== 'NaN') && series;
  };
  return waitFor(look, { describe: `an answer to ${query}`, intervalMs: 250 });
}

/** What the page says that commands are given. */
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

async function ask(url: string, query: string): Promise<readonly Series[]> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Prometheus answered ${answer.status} to ${query}: ${text}`);
  return (JSON.parse(text) as { readonly data: { readonly result: readonly Series[] } }).data.result;
}
