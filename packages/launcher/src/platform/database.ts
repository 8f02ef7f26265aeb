import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '@aion/embedded';
import type { Environment } from '@aion/config';
import { z } from 'zod';
import { LauncherError } from './launcher-error.ts';
import type { PlatformSecrets } from './secrets.ts';
import { inheritEnvironment } from './service-environment.ts';
import { runServiceScript } from './service-process.ts';

const urlsSchema = z.object({ databaseUrl: z.string(), migrationUrl: z.string(), queueUrl: z.string() });
/** Database URLs of the services. */
export type DatabaseUrls = z.output<typeof urlsSchema>;

/** Database server of the platform. */
export interface DatabaseServer {
  /** URL of a role that may create roles and databases. */
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** Starts the embedded PostgreSQL in `stateDir`, or uses the server of a URL, which `stop` leaves running. */
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

/** Creates missing roles and databases by a script of database-gateway, which owns the roles of the schema. */
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
      ...inheritEnvironment('database-gateway', options.env),
      AION_SUPERUSER_DATABASE_URL: options.superuserUrl,
      AION_OWNER_PASSWORD: passwords.owner,
      AION_APP_PASSWORD: passwords.app,
      AION_QUEUE_PASSWORD: passwords.queue,
    },
  });
  return urlsSchema.parse(JSON.parse(stdout));
}
