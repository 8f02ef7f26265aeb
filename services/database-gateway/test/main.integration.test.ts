import { createTestDatabase, freePort, startProcess } from '@aion/testkit';
import { createMigratedDatabase } from './support/test-database.ts';

const main = new URL('../src/main.ts', import.meta.url).pathname;

describe('process of database-gateway', () => {
  it('becomes ready, and exits with status 0 at SIGTERM', async () => {
    const db = await createMigratedDatabase();
    const queueDatabase = await createTestDatabase();
    const adminPort = await freePort();
    const process = await startProcess({
      args: [main],
      env: {
        NODE_OPTIONS: '',
        PORT: '0',
        AION_ADMIN_PORT: String(adminPort),
        AION_SERVICE_TOKEN_SECRET: 'x'.repeat(32),
        REDIS_URL: undefined,
        DATABASE_URL: db.appUrl,
        AION_MIGRATION_DATABASE_URL: db.ownerUrl,
        AION_QUEUE_DATABASE_URL: queueDatabase.url,
      },
      readyTimeoutMs: 25_000,
      ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok,
    });
    expect(await process.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(process.output()).not.toMatch(/"level":"(warn|error)"/);
    await queueDatabase.drop();
    await db.drop();
  });

  it('exits with status 78 and reports every problem of its configuration', async () => {
    const process = await startProcess({ args: [main], env: { NODE_OPTIONS: '', DATABASE_URL: 'mysql://x' } });
    expect(await process.exited).toMatchObject({ code: 78 });
    expect(process.output()).toMatch(/DATABASE_URL is "\*\*\*"[^]*AION_MIGRATION_DATABASE_URL is not set/);
  });
});
