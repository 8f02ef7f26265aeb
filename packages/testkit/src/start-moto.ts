import { freePort } from '@aion/embedded';
import { startProcess } from './start-process.ts';

/** Running moto server, which emulates S3 and other AWS services in memory. */
export interface TestMoto {
  /** Base URL without a trailing slash. The server accepts any credentials. */
  readonly endpoint: string;
  /** Stops the server; resolves when the process has exited. May be called repeatedly. */
  stop(): Promise<void>;
}

/** Starts `moto_server` on a free port of 127.0.0.1; the caller must stop it. */
export async function startMoto(programPath: string): Promise<TestMoto> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startProcess({
    program: programPath,
    args: ['-H', '127.0.0.1', '-p', String(port)],
    // Loading all of boto takes seconds on a cold file cache.
    readyTimeoutMs: 60_000,
    ready: async () => (await fetch(`${endpoint}/moto-api/`)).ok,
  });
  return { endpoint, stop: () => server.stop().then(() => undefined) };
}
