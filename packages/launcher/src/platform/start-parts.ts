import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceName } from '@aion/contracts';
import { bootstrapDatabases, openDatabaseServer, type DatabaseServer, type DatabaseUrls } from './database.ts';
import { SERVICE_NAMES } from './port-plan.ts';
import type { PlatformSecrets } from './secrets.ts';
import { toAdminUrls, createServiceEnvironment, toObjectStoreUrl } from './service-environment.ts';
import type { ServiceGroup } from './service-group.ts';
import type { PlatformOptions } from './platform-options.ts';

/** State of a platform that is starting. */
export interface PlatformStart {
  readonly options: PlatformOptions;
  readonly host: string;
  readonly secrets: PlatformSecrets;
  readonly graceMs: number;
  readonly services: ServiceGroup;
  /** Set as soon as the server runs, so that it can be stopped after a failure. */
  readonly database: { server?: DatabaseServer };
  /** Aborted by {@link fail} and when the caller aborts the start. */
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
}

const NO_DATABASE: DatabaseUrls = { databaseUrl: '', migrationUrl: '', queueUrl: '' };

/**
 * Starts all parts in parallel: only the services that need the database wait for it. The first failure aborts the other
 * starts; resolves or rejects after all of them have ended.
 * @throws the first failure, or the signal's reason
 */
export async function startParts(start: PlatformStart): Promise<void> {
  const { stateDir } = start.options;
  await mkdir(join(stateDir, 'logs'), { recursive: true });
  await mkdir(join(stateDir, 'objects'), { recursive: true });
  const databaseUrls = startDatabase(start);
  const parts = [databaseUrls, ...SERVICE_NAMES.map((name) => startService(start, name, databaseUrls))];
  await Promise.allSettled(parts.map((part) => part.catch(start.fail)));
  start.signal.throwIfAborted();
}

async function startDatabase({ options, secrets, database, signal }: PlatformStart): Promise<DatabaseUrls> {
  const startedAt = performance.now();
  const { checkoutDir, env } = options;
  database.server = await openDatabaseServer(options.stateDir, options.databaseUrl);
  signal.throwIfAborted();
  const { superuserUrl } = database.server;
  const passwords = secrets.databasePasswords;
  const urls = await bootstrapDatabases({ checkoutDir, superuserUrl, passwords, env, signal });
  options.onPartReady?.('PostgreSQL', performance.now() - startedAt);
  return urls;
}

async function startService(start: PlatformStart, name: ServiceName, urls: Promise<DatabaseUrls>): Promise<void> {
  const { options, host, services, signal } = start;
  const needsDatabase = name === 'database-gateway' || name === 'data-export';
  const env = toEnvironment(start, name, needsDatabase ? await urls : NO_DATABASE);
  signal.throwIfAborted();
  const startedAt = performance.now();
  const output = options.output?.(name) ?? { kind: 'file', path: join(options.stateDir, 'logs', `${name}.log`) };
  const { checkoutDir, ports } = options;
  await services.start({ name, checkoutDir, env, output }, toAdminUrls(ports, host)[name]);
  options.onPartReady?.(name, performance.now() - startedAt);
}

function toEnvironment(start: PlatformStart, name: ServiceName, database: DatabaseUrls): Record<string, string> {
  const { options, host, secrets, graceMs } = start;
  const { stateDir, databaseUrl, ports, redisUrl, otlpEndpoint, modelsDir, logLevel } = options;
  return createServiceEnvironment(name, {
    base: options.env,
    ports,
    host,
    secrets,
    database,
    redisUrl,
    objectStoreUrl: options.objectStoreUrl ?? toObjectStoreUrl(join(stateDir, 'objects')),
    auditHeadsFile: databaseUrl === undefined ? join(stateDir, 'audit-heads.ndjson') : undefined,
    otlpEndpoint,
    modelsDir,
    logLevel,
    logFormat: options.output === undefined ? 'json' : 'pretty',
    shutdownGraceMs: graceMs,
  });
}
