import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ServiceName } from '@aion/contracts';
import { planPorts, type PortPlan, SERVICE_NAMES } from '@aion/launcher';
import {
  toAdminUrls,
  bootstrapDatabases,
  ensureOperator,
  generateSecrets,
  toObjectStoreUrl,
  type PlatformSecrets,
} from '@aion/launcher/testing';
import { startTestPostgres, waitFor } from '@aion/testkit';
import { findPorts } from './processes.ts';

const HOST = '127.0.0.1';
const CHECKOUT = resolve(import.meta.dirname, '../../../..');

/** The four services of `pnpm start`, configured by environment variables, with their own PostgreSQL. */
export interface StartedServices {
  readonly baseUrl: string;
  readonly adminUrls: Readonly<Record<ServiceName, string>>;
  readonly operatorKey: string;
  stop(): Promise<void>;
}

/** Starts the services with a file descriptor as standard output and `env` added to their required variables. */
export async function startServices(output: number, env: NodeJS.ProcessEnv): Promise<StartedServices> {
  const directory = mkdtempSync(join(tmpdir(), 'aion-start-'));
  const postgres = await startTestPostgres();
  let launcher: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    await stopChild(launcher);
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const ports = planPorts(await findPorts());
    const secrets = generateSecrets();
    const { signal } = new AbortController();
    const passwords = secrets.databasePasswords;
    const superuserUrl = postgres.url;
    const urls = await bootstrapDatabases({ checkoutDir: CHECKOUT, superuserUrl, passwords, env: process.env, signal });
    launcher = spawn(process.execPath, [resolve(import.meta.dirname, '../../../launcher/src/start-main.ts')], {
      cwd: CHECKOUT,
      env: {
        ...process.env,
        ...portVariables(ports),
        ...secretVariables(secrets),
        AION_HOST: HOST,
        DATABASE_URL: urls.databaseUrl,
        AION_MIGRATION_DATABASE_URL: urls.migrationUrl,
        AION_QUEUE_DATABASE_URL: urls.queueUrl,
        OBJECT_STORE_URL: toObjectStoreUrl(join(directory, 'objects')),
        AION_MODELS_DIR: join(directory, 'models'),
        ...env,
      },
      stdio: ['ignore', output, output],
    });
    const adminUrls = toAdminUrls(ports, HOST);
    await waitUntilAllReady(launcher, adminUrls);
    const baseUrl = `http://${HOST}:${ports['web-api'].port}`;
    const operatorKey = await ensureOperator({ stateDir: directory, baseUrl, initSecret: secrets.initSecret, signal });
    return { baseUrl, adminUrls, operatorKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function portVariables(ports: PortPlan): NodeJS.ProcessEnv {
  const own = SERVICE_NAMES.filter((name) => name !== 'web-api').flatMap((name) => {
    const variable = `AION_${name.toUpperCase().replace('-', '_')}`;
    const { port, adminPort } = ports[name];
    return [[`${variable}_PORT`, String(port)] as const, [`${variable}_ADMIN_PORT`, String(adminPort)] as const];
  });
  const { port, adminPort } = ports['web-api'];
  const others: NodeJS.ProcessEnv = Object.fromEntries(own);
  return { ...others, PORT: String(port), AION_ADMIN_PORT: String(adminPort) };
}

function secretVariables(secrets: PlatformSecrets): NodeJS.ProcessEnv {
  return {
    AION_SERVICE_TOKEN_SECRET: secrets.serviceTokenSecret,
    AION_KEY_PEPPER: secrets.keyPepper,
    AION_INIT_SECRET: secrets.initSecret,
    AION_SEALING_KEY: secrets.sealingKey,
    AION_DOWNLOAD_SECRET: secrets.downloadSecret,
    AION_SIGNING_KEY: secrets.signingKey,
    AION_AUDIT_SIGNING_KEY: secrets.auditSigningKey,
  };
}

async function waitUntilAllReady(launcher: ChildProcess, adminUrls: Readonly<Record<string, string>>): Promise<void> {
  const isReady = async (url: string): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;
  const all = async (): Promise<boolean> =>
    launcher.exitCode !== null || (await Promise.all(Object.values(adminUrls).map(isReady))).every(Boolean);
  await waitFor(all, { describe: 'the services to be ready', timeoutMs: 60_000 });
  if (launcher.exitCode !== null) throw new Error(`pnpm start ended with code ${launcher.exitCode}`);
}

async function stopChild(child: ChildProcess | undefined): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
