import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@aion/launcher';
import { startJaeger, startPrometheus, type TestJaeger, type TestPrometheus } from '@aion/testkit';
import { startTracing, type Tracing } from '@aion/tracing';
import { createAccess, type Access } from './create-access.ts';
import { startPlainProvider, type PlainProvider } from './plain-provider.ts';
import { startTestPlatform } from './test-platform.ts';

/** A platform with a tenant, a third-party model and real telemetry backends. */
export interface ObservedPlatform extends Access {
  readonly platform: Platform;
  readonly provider: PlainProvider;
  readonly jaeger: TestJaeger;
  readonly prometheus: TestPrometheus;
  readonly logs: () => Readonly<Record<string, string>>;
  /** Directory of the logs of the services. */
  readonly logsDir: string;
  /** Returns the superuser URL of a database of the platform. */
  readonly databaseUrl: (database: string) => string;
  readonly stop: () => Promise<void>;
}

/** Starts everything; Jaeger and Prometheus are real programs. `providerKey` is the key for the model provider. */
export async function startObservedPlatform(options: {
  readonly jaegerPath: string;
  readonly prometheusPath: string;
  readonly providerKey: string;
}): Promise<ObservedPlatform> {
  const directory = mkdtempSync(join(tmpdir(), 'aion-telemetry-'));
  const stateDir = join(directory, 'state');
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(directory, { recursive: true, force: true })];
  const closeLater = <T>(value: T, close: (value: T) => Promise<unknown>): T => {
    closers.unshift(() => close(value));
    return value;
  };
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close();
  };
  try {
    const provider = closeLater(await startPlainProvider(), (each) => each.close());
    const jaeger = closeLater(await startJaeger(options.jaegerPath), (each) => each.stop());
    const { otlpEndpoint } = jaeger;
    const env = { ...process.env, OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: options.providerKey };
    const platform = closeLater(await startTestPlatform({ stateDir, env, otlpEndpoint }), (each) => each.stop());
    const targets = platform.adminUrls;
    const prometheus = closeLater(await startPrometheus(options.prometheusPath, { targets }), (each) => each.stop());
    closeLater(traceThisProcess(jaeger), (each) => each.shutdown());
    const access = await createAccess(platform);
    const databaseUrl = (name: string): string => superuserUrl(stateDir, name);
    const logsDir = join(stateDir, 'logs');
    const logs = (): Record<string, string> => readLogs(logsDir);
    return { platform, provider, jaeger, prometheus, ...access, logs, logsDir, databaseUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function traceThisProcess({ otlpEndpoint }: TestJaeger): Tracing {
  return startTracing({ serviceName: 'client', serviceVersion: '0', enabled: true, sampleRatio: 1, otlpEndpoint });
}

function readLogs(directory: string): Record<string, string> {
  return Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

/** Returns the superuser URL of a database of the platform with this state directory. */
export function superuserUrl(stateDir: string, database: string): string {
  const port = readFileSync(join(stateDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3] ?? '';
  const password = readFileSync(join(stateDir, 'postgres', 'aion-superuser-password'), 'utf8').trim();
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
