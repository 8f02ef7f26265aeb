import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { callRoute, fetchRoute } from '@aion/client/traced';
import { type Route, routes } from '@aion/contracts';
import { createEncryption } from '@aion/encryption';
import { planPorts, type Platform, startPlatform } from '@aion/launcher';
import { waitFor } from '@aion/testkit';
import pg from 'pg';
import { findPorts } from './support/processes.ts';

const CANARY = 'canary-provider-credential';
/** More than one request of a rotation processes, so that it can be interrupted. */
const PROVIDERS = 500;
const NEW_KEY = 'a new encryption key of at least 32 characters';

const { signal } = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'aion-encryption-'));
const stateDir = join(directory, 'state');
const secretsFile = join(stateDir, 'secrets.json');
const crashed: string[] = [];
const answers: string[] = [];
let platform: Platform;

beforeAll(async () => {
  platform = await start();
}, 120_000);
afterAll(async () => {
  await platform.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function start(): Promise<Platform> {
  return startPlatform({
    checkoutDir: resolve(import.meta.dirname, '../../..'),
    stateDir,
    ports: planPorts(await findPorts()),
    modelsDir: join(stateDir, 'models'),
    logLevel: 'debug',
    env: process.env,
    signal,
    killSignal: signal,
    onCrash: (error) => crashed.push(error.message),
  });
}

async function createManager(): Promise<string> {
  const { baseUrl, operatorKey: key } = platform;
  const tenant = await callRoute(routes.tenants.create, { baseUrl, key, body: { name: 'Encrypted' }, signal });
  const body = { name: 'manager', scopes: ['providers:read' as const, 'providers:write' as const] };
  const created = await callRoute(routes.apiKeys.create, {
    baseUrl,
    key,
    params: { tenant_id: tenant.id },
    body,
    signal,
  });
  return created.key;
}

async function send(route: Route, key: string, sent: { readonly params?: object; readonly body?: object } = {}) {
  const answer = await fetchRoute(route, { baseUrl: platform.baseUrl, key, signal, ...sent });
  const text = await answer.text();
  answers.push(text);
  return route.response.json?.parse(JSON.parse(text));
}

async function createProviders(keys: readonly string[]): Promise<void> {
  const numbers = Array.from({ length: PROVIDERS }, (_, at) => at);
  const createNext = async (): Promise<void> => {
    for (let at = numbers.pop(); at !== undefined; at = numbers.pop()) {
      const credentials = { api_key: `${CANARY}-${at}` };
      const body = { name: `provider-${at}`, kind: 'anthropic', credentials };
      await send(routes.providers.create, keys[at % keys.length]!, { body });
    }
  };
  await Promise.all(Array.from({ length: 8 }, createNext));
}

/** Connects to the database as the superuser. */
async function connect(): Promise<pg.Client> {
  const port = readFileSync(join(stateDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3] ?? '';
  const password = readFileSync(join(stateDir, 'postgres', 'aion-superuser-password'), 'utf8').trim();
  const connectionString = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/aion`;
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

async function query<R extends pg.QueryResultRow>(text: string): Promise<R[]> {
  const client = await connect();
  try {
    return (await client.query<R>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Locks a row in the middle of a rotation, which blocks there until the lock is released. */
async function lockMiddle() {
  const client = await connect();
  await client.query('BEGIN');
  // In a subquery, because rows that OFFSET skips are also locked.
  const middle = `SELECT id FROM provider_configs ORDER BY id OFFSET ${PROVIDERS / 2} LIMIT 1`;
  const locked = await client.query<{ pid: number }>(
    `SELECT pg_backend_pid() AS pid FROM provider_configs WHERE id = (${middle}) FOR UPDATE`,
  );
  const [{ pid } = { pid: 0 }] = locked.rows;
  expect(pid).toBeGreaterThan(0);
  return {
    isWaitedFor: async () => (await countActivity(`${pid} = ANY (pg_blocking_pids(pid))`)) > 0,
    release: () => client.end(),
  };
}

/** Counts the connections of services that meet a condition. */
async function countActivity(condition: string): Promise<number> {
  const rows = await query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = 'aion' AND pid <> pg_backend_pid() AND ${condition}`,
  );
  return rows.length;
}

const readEncryptionKey = (): string =>
  String((JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, unknown>)['sealingKey']);
const keyIdOf = (key: string): string => createEncryption({ key }).keyId;
const countUnder = async (key: string): Promise<number> => {
  const rows = await query<{ key_id: string }>('SELECT key_id FROM provider_configs WHERE key_id IS NOT NULL');
  return rows.filter((row) => row.key_id === keyIdOf(key)).length;
};

/** Rotates the keys, like `aion keys rotate`. */
async function rotate(): Promise<{ readonly resealed: number; readonly remaining: number }> {
  let resealed = 0;
  let remaining: number;
  let cursor: string | null = '';
  do {
    const path = `/api/v1/sealing-keys/rotation${cursor === '' ? '' : `?cursor=${cursor}`}`;
    const headers = { authorization: `Bearer ${platform.operatorKey}` };
    const answer = await fetch(`${platform.baseUrl}${path}`, { method: 'POST', headers });
    const done = routes.sealingKeys.rotate.response.json!.parse(await answer.json());
    expect(done.failed).toEqual([]);
    resealed += done.resealed;
    remaining = done.remaining;
    cursor = done.next_cursor;
  } while (cursor !== null);
  return { resealed, remaining };
}

/** Lists the files of the state directory (database, objects, logs) that contain a text. */
function listFilesWith(text: string): string[] {
  const files = readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return paths.filter((path) => readFileSync(path).includes(text)).map((path) => path.slice(stateDir.length));
}

describe('provider credentials', () => {
  it('appear neither in the stored state of the platform nor in any response', async () => {
    const owner = await createManager();
    await createProviders([owner, platform.operatorKey]);
    const { data } = (await send(routes.providers.list, owner)) as { readonly data: { readonly id: string }[] };
    const params = { provider_id: data[0]!.id };
    await send(routes.providers.update, owner, { params, body: { credentials: { api_key: `${CANARY}-changed` } } });
    expect(await send(routes.providers.get, owner, { params })).toMatchObject({ has_credentials: true });
    expect(answers.join('')).not.toContain(CANARY);
    expect(await countUnder(readEncryptionKey())).toBe(PROVIDERS);
    await platform.stop();
    expect(listFilesWith('provider-123').some((path) => path.startsWith('/postgres/'))).toBe(true);
    expect(listFilesWith('/api/v1/providers').some((path) => path.endsWith('/web-api.log'))).toBe(true);
    expect(listFilesWith(CANARY)).toEqual([]);
  }, 120_000);

  it('are re-encrypted with a new key, even if web-api is killed during the rotation', async () => {
    const former = readEncryptionKey();
    const secrets = JSON.parse(readFileSync(secretsFile, 'utf8')) as object;
    const rotated = { ...secrets, sealingKey: NEW_KEY, formerSealingKeys: [former] };
    writeFileSync(secretsFile, JSON.stringify(rotated));
    platform = await start();
    const lock = await lockMiddle();
    const rotations = [rotate(), rotate(), rotate()].map((running) => running.catch((error: unknown) => error));
    await waitFor(() => lock.isWaitedFor(), { describe: 'a batch in the middle' });
    process.kill(platform.pids['web-api'] ?? 0, 'SIGKILL');
    await waitFor(() => crashed.length > 0, { describe: 'the end of web-api' });
    await Promise.all(rotations);
    expect(await countUnder(NEW_KEY)).toBeGreaterThan(0);
    await lock.release();
    // Wait until database-gateway has executed the requests that it has already received.
    await waitFor(async () => (await countActivity(`state <> 'idle'`)) === 0, { describe: 'database-gateway' });
    const [done, pending] = [await countUnder(NEW_KEY), await countUnder(former)];
    expect(done + pending).toBe(PROVIDERS);
    expect(pending).toBeGreaterThan(0);

    await platform.restart('web-api');
    expect(await rotate()).toEqual({ resealed: pending, remaining: 0 });
    expect(await rotate()).toEqual({ resealed: 0, remaining: 0 });
    const encryption = createEncryption({ key: NEW_KEY });
    const rows = await query<{ id: string; name: string; key_id: string; credentials: Buffer }>(
      'SELECT id, name, key_id, credentials FROM provider_configs',
    );
    expect(rows).toHaveLength(PROVIDERS);
    for (const { id, name, key_id: keyId, credentials: bytes } of rows) {
      const decrypted = encryption.decrypt({ keyId, bytes }, `provider_config:${id}`);
      if (!decrypted.includes('changed'))
        expect(JSON.parse(decrypted)).toEqual({ api_key: `${CANARY}-${name.slice('provider-'.length)}` });
    }
    const events = await query<{ seq: number }>(
      `SELECT seq::int FROM audit_events WHERE action = 'sealing_keys.rotated' AND tenant_id IS NULL`,
    );
    expect(events.length).toBeGreaterThanOrEqual(2);
  }, 180_000);
});
