import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '@aion/contracts';
import type { Platform } from '@aion/launcher';
import { z } from 'zod';
import { startTestPlatform } from '../support/test-platform.ts';
import { createFuzzCredentials, type FuzzCredentials } from './fuzz-credentials.ts';

/** A running platform with credentials for all routes. */
export interface FuzzTarget {
  readonly platform: Platform;
  readonly credentials: FuzzCredentials;
  /** Addresses of internal services as `host:port`. */
  readonly internalHosts: readonly string[];
  baseUrlOf(service: ServiceName): string;
  logs(): string;
  stop(): Promise<void>;
}

const ADMIN_OFFSET = 10;
const SERVICES = ['web-api', 'ai-engine', 'database-gateway', 'data-export'] as const;
const secretsSchema = z.object({ serviceTokenSecret: z.string(), initSecret: z.string() });
const operatorSchema = z.object({ id: z.string(), key: z.string() });

/** Starts a platform with tenants and keys. */
export async function startFuzzTarget(): Promise<FuzzTarget> {
  const directory = mkdtempSync(join(tmpdir(), 'aion-fuzz-'));
  const stateDir = join(directory, 'state');
  const platform = await startTestPlatform({ stateDir, env: process.env });
  const stop = async (): Promise<void> => {
    await platform.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const read = (name: string): unknown => JSON.parse(readFileSync(join(stateDir, name), 'utf8'));
  const baseUrlOf = (service: ServiceName): string => {
    const url = new URL(platform.adminUrls[service]);
    url.port = String(Number(url.port) - ADMIN_OFFSET);
    return url.origin;
  };
  try {
    const credentials = await createFuzzCredentials({
      baseUrl: platform.baseUrl,
      operator: operatorSchema.parse(read('operator.json')),
      ...secretsSchema.parse(read('secrets.json')),
    });
    return {
      platform,
      credentials,
      internalHosts: SERVICES.slice(1).map((name) => new URL(baseUrlOf(name)).host),
      baseUrlOf,
      logs: () => SERVICES.map((name) => readFileSync(join(stateDir, 'logs', `${name}.log`), 'utf8')).join(''),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
