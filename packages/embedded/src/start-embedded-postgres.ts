import { mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage } from '@aion/errors';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { freePort } from './free-port.ts';
import { SUPERUSER, initialiseDataDir, passwordFileOf } from './initialise-data-dir.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { ensureNoLiveServer } from './server-lock.ts';
import { spawnServer } from './server-process.ts';
import type { ServerProcess, SpawnServerOptions } from './server-process.ts';
import { findServerUser } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

/** The major version of the binaries; a data directory of another one cannot be opened by them. */
const MAJOR_VERSION = '18';
const MAX_START_ATTEMPTS = 100;
const RETRY_DELAY_MS = 100;

/** Options of {@link startEmbeddedPostgres}. */
export interface StartEmbeddedPostgresOptions {
  /** The cluster's directory: created with its parents when absent, kept between runs. */
  readonly dataDir: string;
  /** TCP port at 127.0.0.1; a free one is chosen when absent. */
  readonly port?: number;
  /** Receives each line of the server's log. */
  readonly log?: (line: string) => void;
  /** Server settings over the defaults, for example `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  readonly port: number;
  /** Connection URL of the superuser, with the password; `database` defaults to `postgres`. */
  superuserUrl(database?: string): string;
  /** Fast shutdown: open transactions are rolled back. Resolves when the server is gone. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL 18 on `dataDir` as a child process, and creates the cluster first when there is none. The caller must
 * `stop()` it; when the caller's process dies without doing so, even by SIGKILL, a watchdog stops the server.
 *
 * @throws EmbeddedPostgresError when the directory cannot be used or is in use, the port is taken, the platform has no
 * binaries, or the server does not start.
 */
export async function startEmbeddedPostgres(options: StartEmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const user = await findServerUser(dataDir);
  const binaries = await findPostgresBinaries(user);
  const password = await prepareDataDir(dataDir, binaries.initdb, user, options.settings?.['fsync'] === 'off');
  const { port, server } = await startServer(options.port, {
    postgres: binaries.postgres,
    dataDir,
    user,
    settings: options.settings ?? {},
    log: options.log ?? (() => undefined),
  });
  return {
    port,
    superuserUrl: (database = 'postgres') =>
      `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    stop: () => server.stop(),
  };
}

/** Leaves a whole cluster at `dataDir` that no server uses, and gives its superuser's password. */
async function prepareDataDir(
  dataDir: string,
  initdb: string,
  user: ServerUser | undefined,
  noSync: boolean,
): Promise<string> {
  try {
    await mkdir(dirname(dataDir), { recursive: true });
    if ((await contentsOf(dataDir)).length === 0) await initialiseDataDir({ dataDir, initdb, user, noSync });
    await checkVersion(dataDir);
    await ensureNoLiveServer(dataDir);
    return (await readFile(passwordFileOf(dataDir), 'utf8')).trim();
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      'DATA_DIR_UNUSABLE',
      `The PostgreSQL data directory ${dataDir} cannot be used: ${errorMessage(error)}. ` +
        'It must be readable and writable by this user; mend that or choose another directory.',
      { cause: error },
    );
  }
}

async function contentsOf(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
}

async function checkVersion(dataDir: string): Promise<void> {
  const version = (await readFile(`${dataDir}/PG_VERSION`, 'utf8')).trim();
  if (version === MAJOR_VERSION) return;
  throw new EmbeddedPostgresError(
    'DATA_DIR_UNUSABLE',
    `The data directory ${dataDir} was made by PostgreSQL ${version}; the embedded programs are version ${MAJOR_VERSION}. ` +
      'Dump it with its own version and restore, or move it away to start empty.',
  );
}

async function startServer(
  wantedPort: number | undefined,
  options: Omit<SpawnServerOptions, 'port'>,
): Promise<{ port: number; server: ServerProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort ?? (await freePort());
    const server = spawnServer({ ...options, port });
    try {
      await server.ready;
      return { port, server };
    } catch (error) {
      await server.stop();
      const output = errorMessage(error);
      if (attempt === MAX_START_ATTEMPTS || !isPassing(output, wantedPort)) {
        throw startError(output, port, options.dataDir, error);
      }
      await sleep(RETRY_DELAY_MS);
    }
  }
}

const PORT_TAKEN = 'Address already in use';

/** A chosen port that was taken meanwhile, or processes of a killed server that have not all noticed its death yet. */
function isPassing(output: string, wantedPort: number | undefined): boolean {
  return (
    (wantedPort === undefined && output.includes(PORT_TAKEN)) || output.includes('pre-existing shared memory block')
  );
}

function startError(output: string, port: number, dataDir: string, cause: unknown): EmbeddedPostgresError {
  if (output.includes(PORT_TAKEN)) {
    const message = `Port ${port} at 127.0.0.1 is taken by another program. Stop that program or choose another port.`;
    return new EmbeddedPostgresError('PORT_IN_USE', message, { cause });
  }
  if (output.includes('lock file "postmaster.pid" already exists')) {
    // Another run came between the check of the lock and this start.
    const message = `A PostgreSQL server of another run is using ${dataDir}. Stop that run first, or choose another directory.\n${output}`;
    return new EmbeddedPostgresError('DATA_DIR_IN_USE', message, { cause });
  }
  return new EmbeddedPostgresError('START_FAILED', `PostgreSQL on ${dataDir} did not start:\n${output}`, { cause });
}
