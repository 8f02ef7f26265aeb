import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Scope, ServiceName } from '@aion/contracts';
import { admitServices, createApp, createServiceTokens, listen, type BoundRoute, type HttpServer } from '@aion/http';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { freePort } from '@aion/testkit';
import { startTracing, type SpanRecord } from '@aion/tracing';
import { v7 as uuidv7 } from 'uuid';
import { loadWebApiConfig } from '../../src/config.ts';
import { createWebApi } from '../../src/create-web-api.ts';
import { generateApiKey, parseApiKey } from '../../src/keys/api-key.ts';
import { hashApiKey } from '../../src/keys/hash-api-key.ts';
import type { StoredApiKey } from '../../src/keys/cached-key-lookup.ts';
import { AiEnginePeer } from './ai-engine-peer.ts';
import { DatabaseGatewayPeer, newTenant } from './database-gateway-peer.ts';

const TOKEN_SECRET = 'canary-token-secret-of-32-characters';
export const PEPPER = 'canary-pepper-secret-of-32-characters';
export const INIT_SECRET = 'canary-one-time-secret-of-32-characters';
export const SEALING_KEY = 'canary-sealing-key-of-32-characters';
export const OPERATOR_KEY = generateApiKey('op').key;
export const OPERATOR_ID = uuidv7();
export const DOWNLOAD_SECRET = 'canary-download-secret-32-characters';

/** A key that exists on the platform. */
export interface TestKey {
  readonly key: string;
  readonly stored: StoredApiKey;
}

/** web-api on real sockets, with peers that implement the contracts of database-gateway and ai-engine. */
export interface Edge {
  readonly url: string;
  readonly adminUrl: string;
  readonly objectsDir: string;
  readonly database: DatabaseGatewayPeer;
  readonly aiEngine: AiEnginePeer;
  /** Log of web-api and its peers. */
  readonly logs: () => string;
  /** Finished spans of a trace. */
  readonly spans: (traceId: string) => readonly SpanRecord[];
  readonly exposition: () => Promise<string>;
  /** Adds a key of a tenant; of a new tenant by default. */
  addKey(scopes: readonly Scope[], change?: Partial<StoredApiKey>): TestKey;
  request(path: string, init?: RequestInit & { readonly key?: string }): Promise<Response>;
  stopPeer(peer: 'database-gateway' | 'ai-engine'): Promise<void>;
  /** Serves ai-engine on a given port; the test closes it. */
  serveAiEngine(port: number): Promise<HttpServer>;
  /** Stops web-api, but not its peers. */
  stopService(): Promise<void>;
  /** Stops everything. */
  stop(): Promise<void>;
}

/** Starts web-api with its peers on free loopback ports. */
export async function startEdge(environment: Readonly<Record<string, string>> = {}): Promise<Edge> {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'test', level: 'debug', format: 'json', stream });
  const metrics = createMetrics({ service: 'web-api', version: '0', enabled: true });
  const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
  const database = new DatabaseGatewayPeer();
  database.operators.set(parseApiKey(OPERATOR_KEY)?.prefix ?? '', {
    id: OPERATOR_ID,
    key_hash: hashApiKey(OPERATOR_KEY, PEPPER),
    expires_at: null,
    revoked_at: null,
    last_used_on: null,
    last_refused_on: null,
  });
  const aiEngine = new AiEnginePeer();

  const servePeer = (service: ServiceName, routes: BoundRoute[], port = 0): Promise<HttpServer> => {
    const admit = admitServices(createServiceTokens({ secret: TOKEN_SECRET, service }));
    const app = createApp({ routes, admit, logger, metrics, maxBodyBytes: 8_388_608, timeoutMs: 60_000 });
    return listen(app, { host: '127.0.0.1', port, name: service, variable: 'PORT' });
  };
  const peers = {
    'database-gateway': await servePeer('database-gateway', database.routes()),
    'ai-engine': await servePeer('ai-engine', aiEngine.routes()),
  };
  const objectsDir = await mkdtemp(join(tmpdir(), 'aion-web-api-'));
  const port = await freePort();
  const adminPort = await freePort();
  const config = loadWebApiConfig({
    PORT: String(port),
    AION_ADMIN_PORT: String(adminPort),
    AION_SERVICE_TOKEN_SECRET: TOKEN_SECRET,
    AION_KEY_PEPPER: PEPPER,
    AION_INIT_SECRET: INIT_SECRET,
    AION_SEALING_KEY: SEALING_KEY,
    AION_DOWNLOAD_SECRET: DOWNLOAD_SECRET,
    AION_SHUTDOWN_GRACE_MS: '15000',
    AION_DATABASE_GATEWAY_URL: `http://127.0.0.1:${peers['database-gateway'].port}`,
    AION_AI_ENGINE_URL: `http://127.0.0.1:${peers['ai-engine'].port}`,
    OBJECT_STORE_URL: objectsDir,
    AION_EXPORT_POLL_MS: '10',
    ...environment,
  });
  const service = createWebApi(config, { logger, metrics, tracing }, '1.2.3');
  await service.start();
  const url = `http://127.0.0.1:${port}`;
  const stopPeer = (peer: keyof typeof peers) => peers[peer].close(0);
  let stopped: Promise<void> | undefined;
  const stopService = () => (stopped ??= service.stop());

  return {
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    objectsDir,
    database,
    aiEngine,
    stopService,
    logs: () => lines.join(''),
    spans: (traceId) => tracing.store?.get(traceId) ?? [],
    exposition: async () => (await metrics.exposition()).body,
    addKey: (scopes, change) => addKey(database, scopes, change),
    request: (path, { key, headers, ...init } = {}) =>
      fetch(url + path, {
        ...init,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...Object.fromEntries(new Headers(headers)),
        },
      }),
    stopPeer,
    serveAiEngine: (peerPort) => servePeer('ai-engine', aiEngine.routes(), peerPort),
    stop: async () => {
      await stopService();
      await Promise.allSettled([stopPeer('database-gateway'), stopPeer('ai-engine')]);
      await tracing.shutdown();
      await rm(objectsDir, { recursive: true });
    },
  };
}

function addKey(database: DatabaseGatewayPeer, scopes: readonly Scope[], change: Partial<StoredApiKey> = {}): TestKey {
  const { key, prefix } = generateApiKey('sk');
  const now = new Date().toISOString();
  const stored: StoredApiKey = {
    id: uuidv7(),
    tenant_id: uuidv7(),
    project_id: null,
    user_id: null,
    role: null,
    tenant_state: 'active',
    name: 'a key',
    prefix,
    scopes: [...scopes],
    created_at: now,
    expires_at: null,
    revoked_at: null,
    last_used_on: null,
    last_refused_on: null,
    key_hash: hashApiKey(key, PEPPER),
    ...change,
  };
  database.tenants.set(stored.tenant_id, newTenant(stored.tenant_id, 'a tenant'));
  database.keys.set(prefix, stored);
  return { key, stored };
}
