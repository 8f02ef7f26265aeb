import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@aion/launcher';
import { startTestPlatform } from './test-platform.ts';

/** Environment variable with the address at which suites request the shared platform. */
export const SHARED_PLATFORM_URL = 'AION_E2E_SHARED_PLATFORM_URL';

/** The server that starts the shared platform when the first suite requests it. */
export interface SharedPlatformServer {
  readonly url: string;
  /** Stops the server, and the platform if it was started. */
  stop(): Promise<void>;
}

/** Starts the server. It answers each request with the platform's addresses and keys, once the platform is ready. */
export async function startSharedPlatformServer(): Promise<SharedPlatformServer> {
  const directory = mkdtempSync(join(tmpdir(), 'aion-shared-'));
  const stateDir = join(directory, 'state');
  let started: Promise<Platform> | undefined;
  const server = createServer((_request, response) => {
    started ??= startTestPlatform({ stateDir, env: process.env });
    started.then(
      ({ baseUrl, adminUrls, operatorKey, auditPublicKey }) =>
        response.end(JSON.stringify({ baseUrl, adminUrls, operatorKey, auditPublicKey, stateDir })),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await started?.then((platform) => platform.stop());
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server does not listen on a port');
  return address.port;
}
