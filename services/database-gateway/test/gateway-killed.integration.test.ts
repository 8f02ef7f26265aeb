import { runExportJob, internalRoute, routes, internalRoutes } from '@aion/contracts';
import { AionError } from '@aion/errors';
import { createServiceClient, createServiceTokens } from '@aion/http';
import { createQueueBackend } from '@aion/queue';
import { createTestDatabase, freePort, startProcess, waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { newGeneration, RECIPIENT } from './support/fixtures.ts';
import { holderOf } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, noMetrics, silentLogger } from './support/test-database.ts';

const SECRET = 'a secret that is long enough for a test';
const main = new URL('../src/main.ts', import.meta.url).pathname;

describe('SIGKILL of database-gateway under load', () => {
  it('loses no accepted row, and is followed by one job for each export', async () => {
    const db = await createMigratedDatabase();
    const queueDatabase = await createTestDatabase();
    const [port, adminPort] = [await freePort(), await freePort()];
    const start = () =>
      startProcess({
        args: [main],
        env: {
          NODE_OPTIONS: '',
          PORT: String(port),
          AION_ADMIN_PORT: String(adminPort),
          REDIS_URL: undefined,
          AION_SERVICE_TOKEN_SECRET: SECRET,
          LOG_LEVEL: 'warn',
          AION_QUEUE_DATABASE_URL: queueDatabase.url,
          DATABASE_URL: db.appUrl,
          AION_MIGRATION_DATABASE_URL: db.ownerUrl,
        },
        readyTimeoutMs: 25_000,
        ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok,
      });
    const client = createServiceClient({
      baseUrl: `http://127.0.0.1:${port}`,
      audience: 'database-gateway',
      metrics: noMetrics,
      tokens: createServiceTokens({ secret: SECRET, service: 'data-export' }),
    });
    const writer = await createTestTenant(db.database);
    const exporters = await Promise.all(Array.from({ length: 6 }, () => createTestTenant(db.database)));
    const accepted = { generations: [] as string[], exports: [] as string[] };
    let isStopped = false;
    const orRefused = (error: unknown): void => {
      if (!(error instanceof AionError)) throw error;
    };
    const write = async (): Promise<void> => {
      const id = uuidv7();
      await client.call(internalRoutes.generations.open, {
        params: { generation_id: id },
        body: newGeneration(writer),
      });
      accepted.generations.push(id);
    };
    const requestExport = async (tenant: { tenantId: string; keyId: string }): Promise<void> => {
      const sent = { body: { recipient: RECIPIENT }, caller: holderOf(tenant) };
      const { answer } = await client.call(internalRoute(routes.exports.create), sent);
      accepted.exports.push(answer.id);
    };

    let gateway = await start();
    const clients = Array.from({ length: 8 }, async () => {
      while (!isStopped) await write().catch(orRefused);
    });
    await waitFor(() => accepted.generations.length > 100, { describe: 'writes' });
    // The process is killed while some of these rows are being published.
    await Promise.all(exporters.map((tenant) => requestExport(tenant)));
    expect((await gateway.stop('SIGKILL')).signal).toBe('SIGKILL');
    isStopped = true;
    await Promise.all(clients);
    // Expires the claims of the killed relay, which last half a minute.
    await db.sql('UPDATE outbox SET available_at = now() WHERE published_at IS NULL');
    gateway = await start();
    await waitFor(async () => (await db.sql('SELECT 1 FROM outbox WHERE published_at IS NULL')).length === 0, {
      describe: 'the outbox to be published',
    });

    const ids = async (table: string) => (await db.sql<{ id: string }>(`SELECT id FROM ${table}`)).map(({ id }) => id);
    expect(await ids('generations')).toEqual(expect.arrayContaining(accepted.generations));
    expect((await ids('export_jobs')).toSorted()).toEqual(accepted.exports.toSorted());
    const backend = await createQueueBackend({ postgresUrl: queueDatabase.url, logger: silentLogger });
    expect((await backend.queue(runExportJob).counts()).waiting).toBe(exporters.length);
    await backend.close();
    await client.close();
    await gateway.stop('SIGTERM');
    await queueDatabase.drop();
    await db.drop();
  }, 90_000);
});
