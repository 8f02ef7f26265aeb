import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@aion/embedded';
import { freePort } from '@aion/testkit';
import { bootstrapDatabase, type BootstrapResult } from '../../src/bootstrap.ts';
import { PASSWORDS } from './test-database.ts';

/** A PostgreSQL server of one test, with AION's roles and databases, which may be stopped and started again. */
export interface OwnCluster extends BootstrapResult {
  readonly dataDir: string;
  superuserUrl(database: string): string;
  /** `fast` ends the sessions and writes everything down; `immediate` is what a crash leaves (pg_ctl's names). */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** The database of AION in a cluster of a test. */
export const DATABASE = 'aion';

/**
 * Starts one. Commits are written to the operating system when they are acknowledged, so that they outlive a killed server;
 * only what a crash of the machine would need is left out.
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
