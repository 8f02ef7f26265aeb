import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@aion/embedded';

/** PostgreSQL server of a test run. */
export interface TestPostgres {
  /** URL with superuser credentials. */
  readonly url: string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** Starts an embedded PostgreSQL in a temporary directory, without fsync, which only protects against operating system crashes. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'aion-test-postgres-'));
  const removeHome = () => rm(home, { recursive: true, force: true });
  try {
    const server = await startEmbeddedPostgres({
      dataDir: join(home, 'data'),
      settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
    });
    return {
      url: server.superuserUrl(),
      stop: async () => {
        await server.stop();
        await removeHome();
      },
    };
  } catch (error) {
    await removeHome();
    throw error;
  }
}
