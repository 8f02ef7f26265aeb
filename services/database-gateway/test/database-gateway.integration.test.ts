import { PassThrough } from 'node:stream';
import { INTERNAL_ROUTES, internalRoute, internalRoutes, routes, runExportJob, serviceCaller } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { createServiceClient, createServiceTokens, type ServiceClient } from '@aion/http';
import { createLogger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { createQueueBackend } from '@aion/queue';
import { createTestDatabase, freePort, waitFor } from '@aion/testkit';
import { startTracing, type Tracing } from '@aion/tracing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { loadDatabaseGatewayConfig } from '../src/config.ts';
import { createManagementRoutes } from '../src/create-management-routes.ts';
import { createDatabaseGateway, type DatabaseGateway } from '../src/create-database-gateway.ts';
import { claimNewExport, FILES, newGeneration, newSettlement, NO_PROGRESS, RECIPIENT } from './support/fixtures.ts';
import { holderOf, newKey, operatorFor, SETTINGS } from './support/management.ts';
import { startProxy } from './support/start-proxy.ts';
import { parseRows, readHead, readRows } from './support/streams.ts';
import { createMigratedDatabase, createTestTenant, noMetrics, type MigratedDatabase } from './support/test-database.ts';

const requestExport = internalRoute(routes.exports.create);
const SECRET = 'a secret that is long enough for a test';

let db: MigratedDatabase;
let queueDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
let tracing: Tracing;
beforeAll(async () => {
  db = await createMigratedDatabase();
  queueDatabase = await createTestDatabase();
  tracing = startTracing({ serviceName: 'database-gateway', serviceVersion: '0', enabled: true, sampleRatio: 1 });
});
afterAll(async () => {
  await tracing.shutdown();
  await queueDatabase.drop();
  await db.drop();
});

interface Running {
  readonly gateway: DatabaseGateway;
  readonly client: ServiceClient;
  readonly metrics: Metrics;
  readonly adminUrl: string;
  /** All log lines. */
  logs(): string;
}

async function createGateway(env: Record<string, string> = {}): Promise<Omit<Running, 'client'>> {
  const adminPort = await freePort();
  const config = loadDatabaseGatewayConfig({
    PORT: '0',
    AION_ADMIN_PORT: String(adminPort),
    AION_SERVICE_TOKEN_SECRET: SECRET,
    DATABASE_URL: db.appUrl,
    AION_MIGRATION_DATABASE_URL: db.ownerUrl,
    AION_QUEUE_DATABASE_URL: queueDatabase.url,
    ...env,
  });
  const stream = new PassThrough();
  let logs = '';
  stream.on('data', (chunk: Buffer) => (logs += chunk.toString()));
  const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
  const logger = createLogger({ service: 'database-gateway', level: 'info', format: 'json', stream });
  const gateway = createDatabaseGateway(config, { logger, metrics, tracing });
  return { gateway, metrics, adminUrl: `http://127.0.0.1:${adminPort}`, logs: () => logs };
}

function createClient(port: number): ServiceClient {
  return createServiceClient({
    baseUrl: `http://127.0.0.1:${port}`,
    audience: 'database-gateway',
    tokens: createServiceTokens({ secret: SECRET, service: 'data-export' }),
    metrics: noMetrics,
  });
}

async function startGateway(env?: Record<string, string>): Promise<Running> {
  const created = await createGateway(env);
  await created.gateway.start();
  return { ...created, client: createClient(created.gateway.port) };
}

async function stopGateway({ gateway, client }: Running): Promise<void> {
  await client.close();
  await gateway.stop();
}

const sessions = () =>
  db.sql<{ pid: number; application_name: string }>(
    `SELECT pid, application_name FROM pg_stat_activity
     WHERE application_name LIKE 'aion-database-gateway%' AND datname = current_database()`,
  );
/** Returns a check that the gateway that starts now has closed its sessions; the pool of the test has its own. */
const watchSessions = async () => {
  const others = new Set((await sessions()).map((row) => row.pid));
  return () =>
    waitFor(async () => (await sessions()).every((row) => others.has(row.pid)), { describe: 'its sessions to end' });
};
const readiness = async (adminUrl: string) => {
  const response = await fetch(`${adminUrl}/readyz`);
  return {
    status: response.status,
    body: (await response.json()) as { checks: Record<string, { ok: boolean; detail?: string }> },
  };
};

describe('platform events', () => {
  let running: Running;
  beforeAll(async () => {
    running = await startGateway();
    await waitFor(() => running.client.call(internalRoutes.ping.databaseGateway, {}), {
      describe: 'the gateway to be ready',
    });
  });
  afterAll(() => stopGateway(running));

  it('are recorded for the service that sends them, in the chain of the platform', async () => {
    const body = { action: 'log_levels.changed' } as const;
    const caller = serviceCaller('web-api', null);
    await running.client.call(internalRoutes.platformEvents.record, { body, caller });
    const rows = await db.sql(
      `SELECT actor, action, target_type, target_path, outcome, octet_length(hash) AS hash FROM audit_events
       WHERE tenant_id IS NULL ORDER BY seq DESC LIMIT 1`,
    );
    expect(rows).toEqual([
      {
        ...body,
        actor: 'service:web-api',
        target_type: 'platform',
        target_path: 'data-export',
        outcome: 'success',
        hash: 32,
      },
    ]);
  });
});

describe('database-gateway over HTTP', () => {
  let running: Running;
  let client: ServiceClient;
  beforeAll(async () => {
    running = await startGateway();
    client = running.client;
    await waitFor(() => client.call(internalRoutes.ping.databaseGateway, {}), { describe: 'the gateway to be ready' });
  });
  afterAll(() => stopGateway(running));

  async function createTenant() {
    const ask = (tenantId: string | null) => operatorFor(tenantId);
    const stored = internalRoute(routes.tenants.create);
    const { answer } = await client.call(stored, { body: { name: 'Example' }, caller: ask(null) });
    const tenantId = answer.id;
    const body = { ...newKey(), key_hash: '0a'.repeat(32) };
    const { id: keyId, prefix } = body;
    await client.call(internalRoutes.apiKeys.store, { body, caller: ask(tenantId) });
    return { tenantId, keyId, prefix };
  }

  it('serves every route of its contract', () => {
    const ofContract = INTERNAL_ROUTES.filter((route) => route.service === 'database-gateway');
    const managed = createManagementRoutes(db.database, SETTINGS).map(({ route }) => route);
    ofContract.push(...managed.filter(({ name }) => !ofContract.some((route) => route.name === name)));
    expect(ofContract.length).toBeGreaterThan(15);
    return Promise.all(
      ofContract.map(async (route) => {
        const url = `http://127.0.0.1:${running.gateway.port}${route.path.replaceAll(/\{\w+\}/g, uuidv7())}`;
        const response = await fetch(url, { method: route.method });
        // The route exists and requires a token.
        expect([route.name, response.status]).toEqual([route.name, 401]);
        await response.body?.cancel();
      }),
    );
  });

  it('stores keys and generations, and reads them back', async () => {
    const tenant = await createTenant();
    const key = await client.call(internalRoutes.apiKeys.find, { params: { prefix: tenant.prefix } });
    expect(key).toMatchObject({ id: tenant.keyId, key_hash: '0a'.repeat(32) });
    const params = { generation_id: uuidv7() };
    await client.call(internalRoutes.generations.open, { params, body: newGeneration(tenant) });
    await client.call(internalRoutes.generations.settle, { params, body: newSettlement(tenant.tenantId) });
    const rows = await db.sql('SELECT status, trace_id FROM generations WHERE id = $1', [params.generation_id]);
    expect(rows).toEqual([{ status: 'succeeded', trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
  });

  it('runs an export from its request through the queue and a snapshot to its files', async () => {
    const tenant = await createTenant();
    const tenant_id = tenant.tenantId;
    const requester = holderOf(tenant);
    const { answer } = await client.call(requestExport, { body: { recipient: RECIPIENT }, caller: requester });
    expect(answer).toMatchObject({ tenant_id, state: 'requested' });
    const { id } = answer;
    const params = { export_id: id };
    const backend = await createQueueBackend({ postgresUrl: queueDatabase.url, logger: silent() });
    const queue = backend.queue(runExportJob);
    await waitFor(async () => (await queue.counts()).waiting === 1, { describe: 'the job' });
    await backend.close();

    const caller = serviceCaller('data-export', tenant_id);
    const claim = await client.call(internalRoutes.exports.claim, { params, body: { lease_ms: 60_000 }, caller });
    const epoch = claim.outcome === 'claimed' ? claim.epoch : 0;
    const holder = await client.stream(internalRoutes.exports.openSnapshot, { params, body: { epoch }, caller });
    const { head } = await readHead(holder.body);
    const query = { epoch, snapshot_id: head.snapshot_id };
    const stream = await client.stream(internalRoutes.exports.readSnapshotRows, {
      params,
      query: { ...query, table: 'tenants' },
      caller,
    });
    expect(parseRows(await readRows(stream.body))).toMatchObject([{ id: tenant_id }]);
    const stranger = serviceCaller('data-export', uuidv7());
    for (const wrong of [
      { epoch: 7, caller },
      { epoch, caller: stranger },
    ]) {
      const read = client.stream(internalRoutes.exports.readSnapshotRows, {
        params,
        query: { ...query, epoch: wrong.epoch, table: 'tenants' },
        caller: wrong.caller,
      });
      await expect(read).rejects.toMatchObject({ code: wrong.caller === stranger ? 'NOT_FOUND' : 'CONFLICT' });
    }
    holder.body.destroy();
    await waitFor(async () => (await sessions()).every((row) => !row.application_name.endsWith('exports')), {
      describe: 'the snapshot to end with the connection of its reader',
    });

    const lease = { lease_ms: 60_000, state: 'sealing' as const, progress: NO_PROGRESS };
    await client.call(internalRoutes.exports.renew, { params, body: { epoch, ...lease }, caller });
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 1, files: FILES };
    await client.call(internalRoutes.exports.complete, { params, body: { epoch, ...completion }, caller });
    const files = await client.call(internalRoutes.exports.readBundleFiles, { params, caller });
    expect(files.files).toEqual(FILES);
    await client.call(internalRoutes.exports.recordDownload, {
      params,
      body: { path: null },
      caller: { ...caller, actor: 'signed-url' },
    });
    const audit = await db.sql('SELECT action, actor FROM audit_events WHERE target_id = $1 ORDER BY id', [id]);
    expect(audit).toEqual([
      { action: 'export.requested', actor: `api_key:${tenant.keyId}` },
      { action: 'export.ready', actor: 'service:data-export' },
      { action: 'export.downloaded', actor: 'signed-url' },
    ]);
    const list = await client.call(internalRoute(routes.exports.list), { query: { limit: 5 }, caller: requester });
    expect(list.answer.data).toMatchObject([{ id, state: 'ready' }]);
    const read = internalRoute(routes.exports.get);
    expect(await client.call(read, { params, caller: requester })).toMatchObject({ version: 4, answer: { id } });
    await expect(
      client.call(internalRoutes.exports.fail, { params, body: { epoch, code: 'x', message: 'x' }, caller }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('exposes metrics of queries and connections, with labels of bounded sets', async () => {
    const body = await (await fetch(`${running.adminUrl}/metrics`)).text();
    expect(body).toMatch(/db_query_duration_seconds_count\{operation="INSERT",table="generations"\} \d/);
    expect(body).toMatch(/db_query_duration_seconds_count\{operation="COPY",table="tenants"\} \d/);
    expect(body).toMatch(/db_transactions_total\{outcome="commit"\} \d/);
    expect(body).toMatch(/db_connections_max\{pool="exports"\} 8/);
    expect(body).toMatch(/aion_outbox_oldest_age_seconds \d/);
    expect(body).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('exposes the state of the queue, but no metrics of workers', async () => {
    const scrape = async () => (await fetch(`${running.adminUrl}/metrics`)).text();
    const body = await waitFor(
      async () => {
        const text = await scrape();
        return /^aion_queue_jobs\{queue="exports",state="waiting"\} [1-9]/m.test(text) && text;
      },
      { describe: 'the job of the export in the metrics' },
    );
    expect(body).toMatch(/^aion_queue_oldest_job_age_seconds\{queue="exports"\} [\d.]+$/m);
    expect(body).toMatch(/^aion_queue_dead_letter_jobs\{queue="exports"\} 0$/m);
    expect(body).not.toMatch(/^aion_(queue_job_(wait|duration)_seconds|queue_jobs_stalled_total)/m);
  });

  it('keeps content and keys out of its logs', () => {
    expect(running.logs()).toContain('Request handled');
    expect(running.logs()).not.toMatch(/Hello|0a0a0a/);
  });
});

describe('database-gateway without its dependencies', () => {
  it('starts before PostgreSQL, logs what it waits for, and works when it is available', async () => {
    const port = await freePort();
    const { hostname, port: target } = new URL(db.appUrl);
    const through = (url: string) => Object.assign(new URL(url), { port: String(port) }).href;
    const created = await createGateway({
      DATABASE_URL: through(db.appUrl),
      AION_MIGRATION_DATABASE_URL: through(db.ownerUrl),
    });
    const started = created.gateway.start();
    await waitFor(() => created.logs().includes('PostgreSQL not available'), { describe: 'the log line' });
    expect(await readiness(created.adminUrl)).toMatchObject({
      status: 503,
      body: { checks: { database: { ok: false } } },
    });
    expect((await fetch(`${created.adminUrl}/healthz`)).status).toBe(200);
    const client = createClient(created.gateway.port);
    const find = () => client.call(internalRoutes.apiKeys.find, { params: { prefix: 'zzzzzzzzzzzz' } });
    await expect(find()).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    let proxy = await startProxy(port, { host: hostname, port: Number(target) });
    await started;
    await expect(find()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await waitFor(async () => (await readiness(created.adminUrl)).status === 200, { describe: 'readiness' });

    await proxy.stop();
    await expect(find()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await readiness(created.adminUrl)).toMatchObject({ status: 503 });
    proxy = await startProxy(port, { host: hostname, port: Number(target) });
    await waitFor(() => find().catch((error: unknown) => error instanceof NotFoundError), {
      describe: 'the gateway to have recovered',
    });
    await stopGateway({ ...created, client });
    await proxy.stop();
  });

  it('can be stopped while it waits for PostgreSQL', async () => {
    const created = await createGateway({
      AION_MIGRATION_DATABASE_URL: `postgresql://aion_owner:x@127.0.0.1:${await freePort()}/aion`,
    });
    const started = created.gateway.start();
    await waitFor(() => created.logs().includes('PostgreSQL not available'), { describe: 'the log line' });
    await created.gateway.stop();
    await started;
  });

  it('stays ready, and reports the difference, during schema drift', async () => {
    await db.sql('CREATE TABLE notes (id int)');
    const running = await startGateway();
    const { status, body } = await readiness(running.adminUrl);
    expect([status, body.checks['schema']]).toEqual([
      200,
      expect.objectContaining({ ok: true, detail: 'Exports are rejected. Table "notes" is not in the data map.' }),
    ]);
    expect(await (await fetch(`${running.adminUrl}/metrics`)).text()).toMatch(/^aion_schema_drift 1$/m);
    const params = { prefix: 'zzzzzzzzzzzz' };
    await expect(running.client.call(internalRoutes.apiKeys.find, { params })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await stopGateway(running);
    await db.sql('DROP TABLE notes');
  });

  it('does not start as a role that bypasses row-level security', async () => {
    const created = await createGateway({ DATABASE_URL: db.superuserUrl });
    await expect(created.gateway.start()).rejects.toThrow('DATABASE_URL connects as "postgres"');
    await created.gateway.stop();
  });

  it('serves requests and stores exports while the queue is unavailable', async () => {
    const tenant = await createTestTenant(db.database);
    const running = await startGateway({
      AION_QUEUE_DATABASE_URL: `postgresql://aion_queue:x@127.0.0.1:${await freePort()}/queue`,
    });
    const requester = holderOf(tenant);
    const { answer } = await running.client.call(requestExport, { body: { recipient: RECIPIENT }, caller: requester });
    expect(answer).toMatchObject({ state: 'requested' });
    await expect(running.client.call(internalRoutes.ping.databaseGateway, {})).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await stopGateway(running);
    const rows = await db.sql('SELECT published_at FROM outbox WHERE tenant_id = $1', [tenant.tenantId]);
    expect(rows).toEqual([{ published_at: null }]);
  });
});

describe('database-gateway under load', () => {
  it('answers 503 with Retry-After when no connection is free, and recovers afterwards', async () => {
    const running = await startGateway({
      AION_DATABASE_POOL_SIZE: '2',
      AION_DATABASE_POOL_WAIT_MS: '300',
      AION_DATABASE_STATEMENT_TIMEOUT_MS: '6000',
    });
    // Generations of one tenant share a connection: two tenants take both.
    const wanted: { id: string; tenant: { tenantId: string; keyId: string } }[] = [];
    for (let tenants = 0; tenants < 2; tenants += 1) {
      wanted.push({ id: uuidv7(), tenant: await createTestTenant(db.database) });
    }
    // Writers of these ids wait for this transaction.
    const blocker = await connectBlocker();
    await blocker.query('BEGIN');
    for (const { id, tenant } of wanted) {
      await blocker.query(
        `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
         VALUES ($1, $2, $3, 'x', 'x', false, 0, uuid_v7_time($1))`,
        [id, tenant.tenantId, tenant.keyId],
      );
    }
    const open = () =>
      wanted.map(({ id, tenant }) =>
        running.client.call(internalRoutes.generations.open, {
          params: { generation_id: id },
          body: newGeneration(tenant),
          timeoutMs: 20_000,
        }),
      );
    const blocked = Promise.allSettled(open());
    const waiting = () =>
      db.sql(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE '%INSERT INTO generations%'`,
      );
    await waitFor(async () => (await waiting()).length === 2, { describe: 'both connections to wait' });
    const find = () => running.client.call(internalRoutes.apiKeys.find, { params: { prefix: 'zzzzzzzzzzzz' } });
    await expect(find()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    // The statement timeout releases them.
    for (const result of await blocked) expect(result).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    await blocker.query('ROLLBACK');
    await blocker.end();
    await expect(find()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await Promise.all(open());
    await stopGateway(running);
  }, 60_000);

  it('finishes a request in progress before it closes its connections', async () => {
    const tenant = await createTestTenant(db.database);
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const sessionsHaveEnded = await watchSessions();
    const running = await startGateway();
    const blocker = await connectBlocker();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE export_jobs IN ACCESS EXCLUSIVE MODE');
    // It reads the export on one connection, and then acquires another for the snapshot.
    const opened = running.client.stream(internalRoutes.exports.openSnapshot, {
      params: { export_id: id },
      body: { epoch },
      caller: serviceCaller('data-export', tenant.tenantId),
    });
    const waiting = () =>
      db.sql(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE '%FROM export_jobs%'`,
      );
    await waitFor(async () => (await waiting()).length > 0, { describe: 'the request to wait' });
    const stopped = running.gateway.stop();
    const isRefused = () =>
      fetch(`http://127.0.0.1:${running.gateway.port}`).then(
        () => false,
        () => true,
      );
    await waitFor(isRefused, { describe: 'new connections to be refused' });
    expect((await readiness(running.adminUrl)).status).toBe(503);
    await blocker.query('COMMIT');
    await blocker.end();
    const { body } = await opened;
    expect((await readHead(body)).head.tables.length).toBeGreaterThan(3);
    body.destroy();
    await running.client.close();
    await stopped;
    await sessionsHaveEnded();
  });

  it('aborts an open snapshot at the end of its grace period', async () => {
    const tenant = await createTestTenant(db.database);
    const sessionsHaveEnded = await watchSessions();
    const running = await startGateway({ AION_SHUTDOWN_GRACE_MS: '2200' });
    const caller = serviceCaller('data-export', tenant.tenantId);
    const requester = holderOf(tenant);
    const { answer } = await running.client.call(requestExport, { body: { recipient: RECIPIENT }, caller: requester });
    const params = { export_id: answer.id };
    await running.client.call(internalRoutes.exports.claim, { params, body: { lease_ms: 60_000 }, caller });
    const holder = await running.client.stream(internalRoutes.exports.openSnapshot, {
      params,
      body: { epoch: 1 },
      caller,
    });
    const { heartbeats } = await readHead(holder.body);
    const broken = expect(heartbeats.next()).rejects.toThrow();
    await running.gateway.stop();
    await broken;
    await running.client.close();
    await sessionsHaveEnded();
  });
});

/** Opens a connection that holds locks. */
async function connectBlocker(): Promise<pg.Client> {
  const blocker = new pg.Client({ connectionString: db.superuserUrl });
  await blocker.connect();
  return blocker;
}

function silent() {
  return createLogger({ service: 'test', level: 'error', format: 'json' });
}
