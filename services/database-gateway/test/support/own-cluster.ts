import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@aion/embedded';
import { freePort } from '@aion/testkit';
import { bootstrapDatabase, type BootstrapResult } from '../../src/bootstrap.ts';
import { PASSWORDS } from './test-database.ts';

/** PostgreSQL server of one test, with AION's roles and databases, which can be stopped and restarted. */
export interface OwnCluster extends BootstrapResult {
  readonly dataDir: string;
  superuserUrl(database: string): string;
  /** Stops the server: `fast` ends the sessions and flushes all data; `immediate` is like a crash (modes of pg_ctl). */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** Restarts it on the same port. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** Name of the database of AION in the cluster. */
export const DATABASE = 'aion';

/**
 * Starts a server. Acknowledged commits are written to the operating system, so that they survive a killed server; only
 * the flushes that a crash of the machine would require are off.
 */
export async function startOwnCluster(settings: Readonly<Record<string, string>> = {}): Promise<OwnCluster> {
  const home = await mkdtemp(join(tmpdir(), 'aion-test-cluster-'));
  const dataDir = join(home, 'data');
  const port = await freePort();
  const start = () => startEmbeddedPostgres({ dataDir, port, settings: { fsync: 'off', ...settings } });
  let server = await start();
  const urls = await bootstrapDatabase({
    superuserUrl: server.superuserUrl(),
    database: DATABASE,
    queueDatabase: `${DATABASE}_queue`,
    passwords: PASSWORDS,
  });
  return {
    ...urls,
    dataDir,
    superuserUrl: (database) => server.superuserUrl(database),
    stop: async (mode) => {
      if (mode === 'immediate') {
        const [pid = ''] = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n');
        process.kill(Number(pid), 'SIGQUIT');
      }
      await server.stop();
    },
    start: async () => {
      server = await start();
    },
    remove: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
