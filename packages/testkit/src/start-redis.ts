import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@aion/embedded';
import { startProcess } from './start-process.ts';

/** Options of {@link startRedis}. */
export interface StartRedisOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** Directory for persistent data (append-only file), owned by the caller. Default: no persistence. */
  readonly dir?: string;
}

/** Running redis-server. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Stops the server; resolves when the process has exited. May be called repeatedly. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const MAX_START_ATTEMPTS = 5;

/** Starts a redis-server on 127.0.0.1; the caller must stop it. */
export async function startRedis(programPath: string, options: StartRedisOptions = {}): Promise<TestRedis> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'aion-test-redis-')));
  const removeOwnDir = async () => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  try {
    const { port, server } = await startOnFreePort(programPath, options, dir);
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      stop: async (signal) => {
        await server.stop(signal);
        await removeOwnDir();
      },
    };
  } catch (error) {
    await removeOwnDir();
    throw error;
  }
}

async function startOnFreePort(programPath: string, options: StartRedisOptions, dir: string) {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      const server = await startProcess({
        program: programPath,
        args: Object.entries({
          port: String(port),
          bind: '127.0.0.1',
          dir,
          save: '',
          appendonly: options.dir === undefined ? 'no' : 'yes',
          'maxmemory-policy': 'noeviction',
        }).flatMap(([name, value]) => [`--${name}`, value]),
        ready: (output) => output.includes('Ready to accept connections'),
      });
      return { port, server };
    } catch (error) {
      // Another process may have taken the port before the server listened on it.
      const isTaken = error instanceof Error && error.message.includes('Address already in use');
      if (!isTaken || options.port !== undefined || attempt === MAX_START_ATTEMPTS) throw error;
    }
  }
}
