import { freePort } from '@aion/embedded';
import { startProcess } from './start-process.ts';

/** A running moto server: S3 and other AWS services in memory. */
export interface TestMoto {
  /** Base URL, without a slash at the end. Any credentials are accepted. */
  readonly endpoint: string;
  /** Resolves when the server is gone. May be called again. */
  stop(): Promise<void>;
}

/** Starts `moto_server` at 127.0.0.1 on a free port; the caller must stop it. */
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
