import { mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage } from '@aion/errors';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { freePort } from './free-port.ts';
import { SUPERUSER, initialiseDataDir, passwordFileOf } from './initialise-data-dir.ts';
import { findPostgresBinaries } from './find-postgres-binaries.ts';
import { ensureNoLiveServer } from './ensure-no-live-server.ts';
import { spawnServer } from './spawn-server.ts';
import type { ServerProcess, SpawnServerOptions } from './spawn-server.ts';
import { findServerUser } from './find-server-user.ts';
import type { ServerUser } from './find-server-user.ts';

/** Major version of the binaries; they cannot open a data directory of another version. */
const MAJOR_VERSION = '18';
const MAX_START_ATTEMPTS = 100;
const RETRY_DELAY_MS = 100;

/** Options of {@link startEmbeddedPostgres}. */
export interface StartEmbeddedPostgresOptions {
  /** Directory of the cluster: created with its parents when absent, retained between runs. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1; default: a free one. */
  readonly port?: number;
  /** Receives each line of the server's log. */
  readonly log?: (line: string) => void;
  /** Server settings that override the defaults, for example `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  readonly port: number;
  /** Returns the connection URL of the superuser, with the password; `database` defaults to `postgres`. */
  superuserUrl(database?: string): string;
  /** Shuts down fast: open transactions are rolled back. Resolves when the server has exited. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL 18 on `dataDir` as a child process; creates the cluster when it does not exist. The caller must
 * `stop()` it; when the caller's process ends without doing so, even by SIGKILL, a watchdog stops the server.
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

/** Ensures a complete cluster at `dataDir` that no server uses; returns the superuser's password. */
async function prepareDataDir(
  dataDir: string,
  initdb: string,
  user: ServerUser | undefined,
  noSync: boolean,
): Promise<string> {
  try {
    await mkdir(dirname(dataDir), { recursive: true });
    if ((await readEntries(dataDir)).length === 0) await initialiseDataDir({ dataDir, initdb, user, noSync });
    await assertVersion(dataDir);
    await ensureNoLiveServer(dataDir);
    return (await readFile(passwordFileOf(dataDir), 'utf8')).trim();
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      'DATA_DIR_UNUSABLE',
      `The PostgreSQL data directory ${dataDir} cannot be used: ${errorMessage(error)}. ` +
        'Make it readable and writable for this user, or choose another directory.',
      { cause: error },
    );
  }
}

async function readEntries(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
}

async function assertVersion(dataDir: string): Promise<void> {
  const version = (await readFile(`${dataDir}/PG_VERSION`, 'utf8')).trim();
  if (version === MAJOR_VERSION) return;
  throw new EmbeddedPostgresError(
    'DATA_DIR_UNUSABLE',
    `The data directory ${dataDir} was created by PostgreSQL ${version}; the embedded programs are version ${MAJOR_VERSION}. ` +
      'Dump it with its own version and restore the dump, or move it away to start empty.',
  );
}

async function startServer(
  requestedPort: number | undefined,
  options: Omit<SpawnServerOptions, 'port'>,
): Promise<{ port: number; server: ServerProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = requestedPort ?? (await freePort());
    const server = spawnServer({ ...options, port });
    try {
      await server.ready;
      return { port, server };
    } catch (error) {
      await server.stop();
      const output = errorMessage(error);
      if (attempt === MAX_START_ATTEMPTS || !isTransient(output, requestedPort)) {
        throw startError(output, port, options.dataDir, error);
      }
      await sleep(RETRY_DELAY_MS);
    }
  }
}

const PORT_TAKEN = 'Address already in use';

/** Returns true if a retry may help: the port was bound in the meantime, or processes of a killed server still exit. */
function isTransient(output: string, requestedPort: number | undefined): boolean {
  return (
    (requestedPort === undefined && output.includes(PORT_TAKEN)) || output.includes('pre-existing shared memory block')
  );
}

function startError(output: string, port: number, dataDir: string, cause: unknown): EmbeddedPostgresError {
  if (output.includes(PORT_TAKEN)) {
    const message = `Port ${port} on 127.0.0.1 is in use by another program. Stop that program or choose another port.`;
    return new EmbeddedPostgresError('PORT_IN_USE', message, { cause });
  }
  if (output.includes('lock file "postmaster.pid" already exists')) {
    // Another run started between the check of the lock and this start.
    const message = `A PostgreSQL server of another run is using ${dataDir}. Stop that run first, or choose another directory.\n${output}`;
    return new EmbeddedPostgresError('DATA_DIR_IN_USE', message, { cause });
  }
  return new EmbeddedPostgresError('START_FAILED', `PostgreSQL on ${dataDir} did not start:\n${output}`, { cause });
}
