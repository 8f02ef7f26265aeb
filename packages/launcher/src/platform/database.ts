import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '@aion/embedded';
import type { Environment } from '@aion/config';
import { z } from 'zod';
import { LauncherError } from './launcher-error.ts';
import type { PlatformSecrets } from './secrets.ts';
import { inherited } from './service-environment.ts';
import { runServiceScript } from './service-process.ts';

const urlsSchema = z.object({ databaseUrl: z.string(), migrationUrl: z.string(), queueUrl: z.string() });
/** The URLs that the services reach their databases by. */
export type DatabaseUrls = z.output<typeof urlsSchema>;

/** The platform's database server. */
export interface DatabaseServer {
  /** A role that may create roles and databases. */
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** Starts the embedded PostgreSQL on `stateDir`, or takes the server of a URL, which is left running at the end. */
export async function openDatabaseServer(stateDir: string, databaseUrl: string | undefined): Promise<DatabaseServer> {
  if (databaseUrl !== undefined) return { superuserUrl: databaseUrl, stop: () => Promise.resolve() };
  const logFile = join(stateDir, 'logs', 'postgres.log');
  writeFileSync(logFile, '', { mode: 0o600 });
  try {
    const server = await startEmbeddedPostgres({
      dataDir: join(stateDir, 'postgres'),
      log: (line) => appendFileSync(logFile, `${line}\n`),
    });
    return { superuserUrl: server.superuserUrl(), stop: () => server.stop() };
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw new LauncherError(error.message, { cause: error });
    throw error;
  }
}

/** Creates roles and databases where they are missing. database-gateway does it: it alone knows the schema's roles. */
export async function bootstrapDatabases(options: {
  readonly checkoutDir: string;
  readonly superuserUrl: string;
  readonly passwords: PlatformSecrets['databasePasswords'];
  readonly env: Environment;
  readonly signal: AbortSignal;
}): Promise<DatabaseUrls> {
  const { checkoutDir, passwords, signal } = options;
  const stdout = await runServiceScript('services/database-gateway/src/bootstrap-main.ts', {
    checkoutDir,
    signal,
    env: {
      ...inherited('database-gateway', options.env),
      AION_SUPERUSER_DATABASE_URL: options.superuserUrl,
      AION_OWNER_PASSWORD: passwords.owner,
      AION_APP_PASSWORD: passwords.app,
      AION_QUEUE_PASSWORD: passwords.queue,
    },
  });
  return urlsSchema.parse(JSON.parse(stdout));
}
