import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateAgeIdentity } from '@aion/bundle';
import { callRoute, fetchRoute } from '@aion/client/traced';
import { type ServiceName, routes } from '@aion/contracts';
import { planPorts, type Platform, startPlatform } from '@aion/launcher';
import { waitFor } from '@aion/testkit';
import { startTracing, type Tracing } from '@aion/tracing';
import pg from 'pg';
import { findPorts } from './support/processes.ts';
import { startSlowProvider, type SlowProvider } from './support/slow-provider.ts';

/** Number of rows with which an export still runs after the test has observed that it runs. */
const MANY_ROWS = 150_000;

const { signal } = new AbortController();
let directory: string;
let provider: SlowProvider;
let platform: Platform;
let tracing: Tracing;
let database: pg.Client;
let tenantId: string;
let key: string;
const crashed: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'aion-crash-'));
  provider = await startSlowProvider();
  tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: false, sampleRatio: 0 });
  const stateDir = join(directory, 'state');
  platform = await startPlatform({
    checkoutDir: resolve(import.meta.dirname, '../../..'),
    stateDir,
    ports: planPorts(await findPorts()),
    modelsDir: join(stateDir, 'models'),
    logLevel: 'warn',
    env: { ...process.env, OPENAI_BASE_URL: provider.baseUrl, AION_EXPORT_LEASE_MS: '2000' },
    signal,
    killSignal: signal,
    onCrash: (error) => crashed.push(error.message),
  });
  const { baseUrl, operatorKey } = platform;
  const tenant = await callRoute(routes.tenants.create, { baseUrl, key: operatorKey, body: { name: 'Crash' }, signal });
  tenantId = tenant.id;
  const created = await callRoute(routes.apiKeys.create, {
    baseUrl,
    key: operatorKey,
    params: { tenant_id: tenantId },
    body: { name: 'test', scopes: ['inference', 'exports:read', 'exports:write'] },
    signal,
  });
  key = created.key;
  database = new pg.Client({ connectionString: superuserUrl(stateDir) });
  await database.connect();
}, 120_000);

afterAll(async () => {
  await database.end();
  await platform.stop();
  await provider.close();
  await tracing.shutdown();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

function superuserUrl(stateDir: string): string {
  const port = readFileSync(join(stateDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3] ?? '';
  const password = readFileSync(join(stateDir, 'postgres', 'aion-superuser-password'), 'utf8').trim();
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/aion`;
}

/** Begins a stream that never ends; resolves when its first bytes have arrived. */
async function beginStream(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const body = { model: 'slow-1', stream: true, messages: [{ role: 'user' as const, content: 'Go on.' }] };
  const answer = await fetchRoute(routes.chatCompletions.create, { baseUrl: platform.baseUrl, key, body, signal });
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error('the answer has no body');
  await reader.read();
  return reader;
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

async function kill(service: ServiceName): Promise<void> {
  const before = crashed.length;
  process.kill(platform.pids[service] ?? 0, 'SIGKILL');
  await waitFor(() => crashed.length > before, { describe: `the end of ${service}` });
}

describe('SIGKILL', () => {
  it.each(['web-api', 'ai-engine'] as const)(
    'of %s during a stream cancels the call of the provider, and the stream ends with an error',
    async (service) => {
      const reader = await beginStream();
      expect(provider.open()).toBe(1);
      await kill(service);
      await expect(readToEnd(reader)).rejects.toThrow();
      await waitFor(() => provider.open() === 0, { describe: 'the call of the provider to be cancelled' });
      const { rows } = await database.query('SELECT status FROM generations WHERE tenant_id = $1', [tenantId]);
      // The generation is stored, whichever service was killed.
      expect(rows.length).toBeGreaterThan(0);
      await platform.restart(service);
      const again = await beginStream();
      await again.cancel();
      await waitFor(() => provider.open() === 0, { describe: 'the second call to be cancelled' });
    },
    60_000,
  );

  it('of data-export during an export does not prevent the next worker from completing it exactly once', async () => {
    await database.query(
      `INSERT INTO generations (id, tenant_id, api_key_id, status, provider, model, stream, estimated_prompt_tokens,
         prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, settled_at, created_at)
       SELECT id, $1, (SELECT id FROM api_keys WHERE tenant_id = $1 LIMIT 1), 'succeeded', 'openai', 'slow-1',
         false, 1, 1, 1, 'provider', 0, 1, now(), uuid_v7_time(id)
       FROM (SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7'
               || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid AS id
             FROM generate_series(1, $2::int)) new`,
      [tenantId, MANY_ROWS],
    );
    const { baseUrl } = platform;
    const { recipient } = generateAgeIdentity();
    const { id } = await callRoute(routes.exports.create, { baseUrl, key, body: { recipient }, signal });
    const read = () => callRoute(routes.exports.get, { baseUrl, key, params: { export_id: id }, signal });
    await waitFor(async () => (await read()).state === 'running', { describe: 'the export to run', intervalMs: 5 });
    await kill('data-export');
    expect((await read()).state).toBe('running');
    await platform.restart('data-export');
    const ready = await waitFor(
      async () => {
        const found = await read();
        return found.state === 'ready' ? found : undefined;
      },
      { describe: 'the export to be ready', timeoutMs: 90_000 },
    );
    expect(ready.bundle?.rows).toBeGreaterThan(MANY_ROWS);
    const audited = await database.query(
      `SELECT count(*)::int AS events FROM audit_events WHERE target_id = $1 AND action = 'export.ready'`,
      [id],
    );
    expect(audited.rows).toEqual([{ events: 1 }]);
    const { rows: files } = await database.query<{ epoch: number }>(
      'SELECT epoch FROM export_files WHERE export_id = $1',
      [id],
    );
    const epochs = new Set(files.map((file) => file.epoch));
    expect(epochs.size).toBe(1);
    // No objects remain of the run that was killed.
    const folders = readdirSync(join(directory, 'state', 'objects', 'exports', id));
    expect(folders).toEqual([...epochs].map(String));
  }, 180_000);
});
