import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { createLogger, type Logger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { createTestDatabase, prepareTemplateDatabase } from '@aion/testkit';
import pg from 'pg';
import { bootstrapDatabase, ROLES } from '../../src/bootstrap.ts';
import { createConnectionPool, type ConnectionPool } from '../../src/database/connection-pool.ts';
import { createDatabase, type Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { createPoolInstruments } from '../../src/database/pool-instruments.ts';
import { checkLabels } from './query-labels.ts';
import { createManagement, newKey, operatorFor } from './management.ts';

/** Equal for every test, because roles belong to the server. */
export const PASSWORDS = { owner: 'owner-password', app: 'app-password', queue: 'queue-password' };

/** Migrated database of one test file. */
export interface MigratedDatabase {
  readonly superuserUrl: string;
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly pool: ConnectionPool;
  readonly database: Database;
  /** Runs SQL as the superuser, without policies. */
  sql<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  drop(): Promise<void>;
}

export const silentLogger: Logger = createLogger({ service: 'test', level: 'error', format: 'json' });
export const noMetrics: Metrics = createMetrics({ service: 'test', version: '0', enabled: false });

/** Builds the URL of a database with one of AION's roles. */
export function urlAs(url: string, role: keyof typeof ROLES): string {
  const result = new URL(url);
  result.username = ROLES[role];
  result.password = PASSWORDS[role];
  return result.href;
}

/** Creates a copy of the template that was migrated once for this server. */
export async function createMigratedDatabase(options: { maxConnections?: number } = {}): Promise<MigratedDatabase> {
  const template = `gateway_${await hashMigrations()}`;
  await prepareTemplateDatabase(template, prepareTemplate);
  const copy = await createTestDatabase({ template });
  const superuser = new pg.Client({ connectionString: copy.url });
  superuser.on('error', () => undefined);
  await superuser.connect();
  // A copy belongs to its creator; AION's database belongs to the owner of its tables.
  await superuser.query(`ALTER DATABASE ${pg.escapeIdentifier(copy.name)} OWNER TO ${ROLES.owner}`);
  const pool = createTestPool(urlAs(copy.url, 'app'), options.maxConnections);
  const { database, hidden } = checkLabels(createDatabase({ pool, metrics: noMetrics, logger: silentLogger }));
  return {
    superuserUrl: copy.url,
    appUrl: urlAs(copy.url, 'app'),
    ownerUrl: urlAs(copy.url, 'owner'),
    pool,
    database,
    sql: async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await superuser.query<R>(text, values)).rows,
    drop: async () => {
      await pool.close();
      await superuser.end();
      await copy.drop();
      if (hidden.size > 0)
        throw new Error(`Statements access tables that their names do not contain:\n${[...hidden].join('\n')}`);
    },
  };
}

/** Creates a pool whose callers wait long, because the machine may be busy. */
export function createTestPool(url: string, maxConnections = 8, name: 'requests' | 'exports' = 'requests') {
  return createConnectionPool({
    name,
    url,
    maxConnections,
    waitMs: 10_000,
    maxWaiting: 100,
    statementTimeoutMs: 10_000,
    logger: silentLogger,
    instruments: createPoolInstruments(noMetrics),
  });
}

/** Creates a tenant with one key. */
export async function createTestTenant(
  database: Database,
): Promise<{ tenantId: string; keyId: string; prefix: string }> {
  const call = createManagement(database);
  const { answer: tenant } = await call(internalRoute(routes.tenants.create), operatorFor(null), {
    body: { name: 'Example' },
  });
  const key = await call(internalRoutes.apiKeys.store, operatorFor(tenant.id), { body: newKey() });
  const { id: keyId, prefix } = key.answer;
  return { tenantId: tenant.id, keyId, prefix };
}

async function prepareTemplate(url: string): Promise<void> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  await bootstrapDatabase({ superuserUrl: url, database, queueDatabase: 'gateway_queue', passwords: PASSWORDS });
  await migrate({ url: urlAs(url, 'owner'), logger: silentLogger });
}

async function hashMigrations(): Promise<string> {
  const folder = new URL('../../src/migrations/', import.meta.url);
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).toSorted()) hash.update(await readFile(new URL(file, folder)));
  return hash.digest('hex').slice(0, 16);
}
