import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@aion/embedded';
import { startProcess, type RunningProcess } from './start-process.ts';

/** Options of {@link startPrometheus}. */
export interface StartPrometheusOptions {
  /** Per job the base URL of the process whose `/metrics` is scraped. */
  readonly targets: Readonly<Record<string, string>>;
  /** A rule file, as text; it is evaluated every second. */
  readonly rules?: string;
}

/** A running Prometheus. */
export interface TestPrometheus {
  readonly url: string;
  /** The value of an expression that has one series; 0 when it has none. @throws Error when it has several. */
  value(expression: string): Promise<number>;
  /** The names of the alerts that fire, each once, sorted. */
  firing(): Promise<readonly string[]>;
  /** Ends the program at once, as a crash does; its data stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, at the same place and on the same data. */
  restart(): Promise<void>;
  /** Resolves when the program is gone and its data is removed. May be called again. */
  stop(): Promise<void>;
}

/** Starts Prometheus at 127.0.0.1, which scrapes every second; the caller must stop it. */
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
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(configuration(targets, rules === undefined ? [] : [RULE_FILE])));
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
    firing: () => readFiring(url),
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

function configuration(targets: StartPrometheusOptions['targets'], ruleFiles: readonly string[]): unknown {
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
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Prometheus answered ${answer.status} to ${expression}: ${text}`);
  // The form is that of https://prometheus.io/docs/prometheus/latest/querying/api/#instant-vectors
  const { data } = JSON.parse(text) as { data: { result: { value: [number, string] }[] } };
  const [first, ...others] = data.result;
  if (others.length > 0) throw new Error(`${expression} has ${data.result.length} series`);
  return Number(first?.value[1] ?? 0);
}

async function readFiring(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/api/v1/alerts`);
  // The form is that of https://prometheus.io/docs/prometheus/latest/querying/api/#alerts
  const { data } = (await answer.json()) as { data: { alerts: { state: string; labels: { alertname: string } }[] } };
  const names = data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  return [...new Set(names)].toSorted();
}
