import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey, createTenant, SCOPES, type Route, type ServiceName } from '@aion/contracts';
import { createServiceTokens } from '@aion/http';
import { callRoute } from '../../src/platform/call-route.ts';
import type { Platform } from '../../src/platform/start-platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

/** A running platform with credentials for everything. */
export interface FuzzTarget {
  readonly platform: Platform;
  /** Ids that the run stands on. */
  readonly ownIds: ReadonlySet<string>;
  /** Addresses of services that are not for the public, as `host:port`. */
  readonly internalHosts: readonly string[];
  baseUrlOf(service: ServiceName): string;
  /** The headers of somebody who may call the route. */
  credentialsFor(route: Route): Promise<Readonly<Record<string, string>>>;
  logs(): string;
  stop(): Promise<void>;
}

const ADMIN_OFFSET = 10;
const { signal } = new AbortController();

/** Starts a platform, with a tenant and a key of every scope. */
export async function startFuzzTarget(): Promise<FuzzTarget> {
  const directory = mkdtempSync(join(tmpdir(), 'aion-fuzz-'));
  const stateDir = join(directory, 'state');
  const platform = await startTestPlatform({ stateDir, env: { ...process.env, AION_DATABASE_POOL_MAX: '20' } });
  const { baseUrl, operatorKey: key } = platform;
  const tenant = await callRoute(createTenant, { baseUrl, key, body: { name: 'Fuzzed' }, signal });
  const owner = await callRoute(createApiKey, {
    baseUrl,
    key,
    params: { tenant_id: tenant.id },
    body: { name: 'fuzz', scopes: [...SCOPES] },
    signal,
  });
  const baseUrlOf = (service: ServiceName): string => {
    const url = new URL(platform.adminUrls[service]);
    url.port = String(Number(url.port) - ADMIN_OFFSET);
    return url.origin;
  };
  const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
  const { serviceTokenSecret: secret } = JSON.parse(readFileSync(join(stateDir, 'secrets.json'), 'utf8')) as {
    readonly serviceTokenSecret: string;
  };
  const tokens = createServiceTokens({ secret, service: 'web-api' });
  return {
    platform,
    ownIds: new Set([tenant.id, owner.id]),
    internalHosts: (['ai-engine', 'database-gateway', 'data-export'] as const).map(
      (name) => new URL(baseUrlOf(name)).host,
    ),
    baseUrlOf,
    credentialsFor: async ({ auth, service }) => {
      switch (auth.kind) {
        case 'none':
        case 'signed-url':
          return {};
        case 'key':
          return bearer(owner.key);
        case 'operator':
          return bearer(key);
        case 'service':
          return bearer(await tokens.issue(service));
      }
    },
    logs: () =>
      ['web-api', 'ai-engine', 'database-gateway', 'data-export']
        .map((name) => readFileSync(join(stateDir, 'logs', `${name}.log`), 'utf8'))
        .join(''),
    stop: async () => {
      await platform.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
