import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '@aion/embedded';
import { createServiceTokens, type ServiceTokens } from '@aion/http';
import { freePort, startProcess } from '@aion/testkit';
import pg from 'pg';

/** PostgreSQL and database-gateway as in an installation, without the other services. */
export interface DataPlatform {
  readonly gatewayUrl: string;
  readonly tokens: ServiceTokens;
  /** URL of the database for the gateway's role. */
  readonly appUrl: string;
  /** Runs SQL as the superuser, who bypasses row-level security. */
  readonly sql: <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<R[]>;
  /** Returns the peak resident memory of database-gateway since `resetGatewayPeakRss`, in bytes (`VmHWM` of Linux). */
  readonly gatewayPeakRssBytes: () => number;
  /** Resets the peak: starting, which compiles the sources, needs more memory than most loads. */
  readonly resetGatewayPeakRss: () => void;
  readonly stop: () => Promise<void>;
}

const SERVICE = resolve(import.meta.dirname, '../../../services/database-gateway/src');
const PASSWORDS = {
  AION_OWNER_PASSWORD: 'owner-password-of-the-benchmark',
  AION_APP_PASSWORD: 'app-password-of-the-benchmark',
  AION_QUEUE_PASSWORD: 'queue-password-of-the-benchmark',
};

/** JSON line that database-gateway's bootstrap prints. */
interface DatabaseUrls {
  readonly databaseUrl: string;
  readonly migrationUrl: string;
  readonly queueUrl: string;
}

/**
 * Starts PostgreSQL with its default durability (fsync and synchronous_commit on) and the gateway in a separate process.
 * `postgresSettings` are added to the settings for a server of this size.
 */
export async function startDataPlatform(
  signal: AbortSignal,
  postgresSettings: Readonly<Record<string, string>> = {},
): Promise<DataPlatform> {
  const home = await mkdtemp(join(tmpdir(), 'aion-bench-data-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
  };
  try {
    // Usual settings of a server of this size; durability keeps its defaults.
    const settings = { shared_buffers: '512MB', max_wal_size: '4GB', autovacuum: 'on', ...postgresSettings };
    const postgres = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), settings });
    closing.push(() => postgres.stop());
    signal.throwIfAborted();
    const urls = await bootstrap(postgres.superuserUrl());
    const compiled = join(home, 'compiled');
    // The first start compiles the sources; the measured process loads the compiled code, as a built image does.
    await (await startGateway(urls, compiled)).stop();
    const gateway = await startGateway(urls, compiled);
    closing.push(() => gateway.stop());
    const client = new pg.Client({ connectionString: postgres.superuserUrl(databaseOf(urls.databaseUrl)) });
    await client.connect();
    closing.push(() => client.end());
    await assertDurable(client);
    return {
      ...gateway,
      appUrl: urls.databaseUrl,
      sql: async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
        (await client.query<R>(text, [...values])).rows,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bootstrap(superuserUrl: string): Promise<DatabaseUrls> {
  const process = await startProcess({
    args: [join(SERVICE, 'bootstrap-main.ts')],
    env: { ...PASSWORDS, AION_SUPERUSER_DATABASE_URL: superuserUrl },
  });
  const { code } = await process.exited;
  if (code !== 0) throw new Error(`The bootstrap of the database failed: ${process.output()}`);
  const line = process.output().trim().split('\n').at(-1) ?? '';
  return JSON.parse(line) as DatabaseUrls; // the process prints nothing else
}

async function startGateway({ databaseUrl, migrationUrl, queueUrl }: DatabaseUrls, compileCache: string) {
  const secret = randomBytes(32).toString('hex');
  const port = await freePort();
  const adminPort = await freePort();
  const isReady = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
    return response?.ok === true;
  };
  const gateway = await startProcess({
    args: [join(SERVICE, 'main.ts')],
    env: {
      NODE_ENV: 'production',
      NODE_OPTIONS: undefined,
      NODE_COMPILE_CACHE: compileCache,
      PORT: String(port),
      AION_ADMIN_PORT: String(adminPort),
      AION_SERVICE_TOKEN_SECRET: secret,
      DATABASE_URL: databaseUrl,
      AION_MIGRATION_DATABASE_URL: migrationUrl,
      AION_QUEUE_DATABASE_URL: queueUrl,
    },
    ready: isReady,
    readyTimeoutMs: 60_000,
  });
  return {
    gatewayUrl: `http://127.0.0.1:${port}`,
    tokens: createServiceTokens({ secret, service: 'ai-engine' }),
    gatewayPeakRssBytes: () => peakRssBytes(gateway.pid),
    // 5 resets the peak resident set size: proc_pid_clear_refs(5).
    resetGatewayPeakRss: () => writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5'),
    stop: () => gateway.stop(),
  };
}

function peakRssBytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no VmHWM.`);
  return Number(kilobytes) * 1_024;
}

function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** Throws unless commits are durable: figures without durability would be wrong. */
async function assertDurable(client: pg.Client): Promise<void> {
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
    if (rows[0]?.value !== 'on') throw new Error(`PostgreSQL runs with ${name} ${rows[0]?.value ?? 'unknown'}.`);
  }
}
