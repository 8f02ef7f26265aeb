import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@aion/embedded';
import { startProcess, type RunningProcess } from './start-process.ts';

/** Options of {@link startPrometheus}. */
export interface StartPrometheusOptions {
  /** Base URLs of the scraped processes by job. */
  readonly targets: Readonly<Record<string, string>>;
  /** Content of a rule file, which is evaluated every second. */
  readonly rules?: string;
}

/** Running Prometheus. */
export interface TestPrometheus {
  readonly url: string;
  /** Returns the value of an expression with one series, or 0 without series. @throws Error if it has several series */
  value(expression: string): Promise<number>;
  /** Returns the sorted, unique names of firing alerts. */
  firing(): Promise<readonly string[]>;
  /** Kills the process like a crash; its data is retained. */
  kill(): Promise<void>;
  /** Starts Prometheus again after `kill`, with the same address and data. */
  restart(): Promise<void>;
  /** Stops Prometheus and removes its data. May be called repeatedly. */
  stop(): Promise<void>;
}

/** Starts Prometheus on 127.0.0.1 with a scrape interval of one second; the caller must stop it. */
export async function startPrometheus(
  programPath: string,
  { targets, rules }: StartPrometheusOptions,
): Promise<TestPrometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'aion-test-prometheus-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(directory, 'prometheus.yml');
  if (rules !== undefined) await writeFile(join(directory, RULE_FILE), rules);
  // The configuration is YAML, a superset of JSON.
  await writeFile(configFile, JSON.stringify(createConfiguration(targets, rules === undefined ? [] : [RULE_FILE])));
  const start = (): Promise<RunningProcess> =>
    startProcess({
      program: programPath,
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      readyTimeoutMs: 30_000,
      ready: async () => (await fetch(`${url}/-/ready`)).ok,
    });
  let server = await start().catch(async (error: unknown) => {
    await removeDirectory();
    throw error;
  });
  return {
    url,
    value: (expression) => queryValue(url, expression),
    firing: () => queryFiringAlerts(url),
    kill: async () => {
      await server.stop('SIGKILL');
    },
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await removeDirectory();
    },
  };
}

const RULE_FILE = 'rules.yml';

function createConfiguration(targets: StartPrometheusOptions['targets'], ruleFiles: readonly string[]): unknown {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(targets).map(([job, target]) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(target).host] }],
    })),
  };
}

async function queryValue(url: string, expression: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`Prometheus responded with ${response.status} to ${expression}: ${text}`);
  // Format: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-vectors
  const { data } = JSON.parse(text) as { data: { result: { value: [number, string] }[] } };
  const [first, ...others] = data.result;
  if (others.length > 0) throw new Error(`${expression} has ${data.result.length} series, expected at most one`);
  return Number(first?.value[1] ?? 0);
}

async function queryFiringAlerts(url: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/api/v1/alerts`);
  // Format: https://prometheus.io/docs/prometheus/latest/querying/api/#alerts
  const { data } = (await response.json()) as { data: { alerts: { state: string; labels: { alertname: string } }[] } };
  const names = data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  return [...new Set(names)].toSorted();
}
